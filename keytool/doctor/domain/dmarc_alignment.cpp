#include "keytool/doctor/domain/dmarc_alignment.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "keytool/output/txt_line.hpp"

namespace dkim::keytool {
namespace {

enum class Alignment { aligned, not_aligned, unknown };
enum class Mode { relaxed, strict };

std::string list_of(const std::vector<std::string>& items) {
  return fmt::format("{}", fmt::join(items, ", "));
}

// Returns the longest common end of at least two labels; "" if there is none.
std::string common_parent(const std::string& a, const std::string& b) {
  for (std::string end = a; end.find('.') != std::string::npos; end.erase(0, end.find('.') + 1)) {
    if (b == end || b.ends_with("." + end)) return end;
  }
  return {};
}

class Checker {
 public:
  Checker(Lookup& lookup, const TreeWalk& walk, const DmarcRecord& record,
          const AuthenticatedDomains& domains)
      : lookup_(lookup), walk_(walk), record_(record), domains_(domains) {}

  Findings run() {
    const auto dkim = align(domains_.signing, record_.strict_dkim ? Mode::strict : Mode::relaxed);
    const auto spf = align(domains_.envelope, record_.strict_spf ? Mode::strict : Mode::relaxed);
    if (dkim == Alignment::unknown || spf == Alignment::unknown) report_unknown();
    if (dkim == Alignment::not_aligned) report_signatures(spf);
    if (spf == Alignment::not_aligned) report_envelopes(dkim);
    return std::move(findings_);
  }

 private:
  Finding& report(Severity severity, const std::string& what, const std::string& advice = {}) {
    return findings_.emplace_back(finding_from_dns(severity, "dmarc", walk_.start, what, advice));
  }

  // One aligned domain is enough (§4.4.1). Without known domains there is nothing to report.
  Alignment align(const std::vector<std::string>& names, Mode mode) {
    bool unknown = false;
    for (const auto& name : names) {
      if (name == walk_.start) return Alignment::aligned;
      if (mode == Mode::strict) continue;
      const auto same = is_of_organization(lookup_, walk_, name);
      if (same.value_or(false)) return Alignment::aligned;
      unknown = unknown || !same;
    }
    if (names.empty()) return Alignment::aligned;
    return unknown ? Alignment::unknown : Alignment::not_aligned;
  }

  void report_unknown() {
    report(
        Severity::unknown,
        fmt::format("whether {} and {} are of the same organization as {} could not be found out: {}",
                    list_of(domains_.signing), list_of(domains_.envelope), walk_.start,
                    walk_.trouble ? fmt::format("_dmarc.{}: {}", walk_.trouble->owner, walk_.trouble->reason)
                                  : "the DMARC records above them could not be read"));
  }

  void report_signatures(Alignment spf) {
    const bool fixed_by_r =
        record_.strict_dkim && align(domains_.signing, Mode::relaxed) == Alignment::aligned;
    const std::string own_key = fmt::format("make a key: dkimkey generate --domain {}", walk_.start);
    const bool is_acted_on = spf == Alignment::not_aligned && domains_.is_enforced;
    const std::string what = fmt::format(
        "signatures of {} do not count for mail From {}{}{}", list_of(domains_.signing), walk_.start,
        fixed_by_r ? ": its DMARC record says adkim=s" : "",
        is_acted_on ? ", and neither does SPF: receivers act on its mail as the policy says" : "");
    Finding& finding =
        report(Severity::broken, what,
               fixed_by_r ? fmt::format("remove adkim=s from the record, or {}", own_key) : own_key);
    if (!record_.strict_dkim) propose_organization(finding);
  }

  // Receivers that still use a list of public suffixes see one organization even if no record above says so.
  void propose_organization(Finding& finding) {
    const auto parent = domains_.signing.empty() ? "" : common_parent(walk_.start, domains_.signing.front());
    const bool psd = !walk_.found.empty() && walk_.found.back().record.public_suffix != PublicSuffix::unsaid;
    if (parent.empty() || parent == walk_.start || psd) return;
    finding.advice += fmt::format(
        "; or, if {} is yours, say with a DMARC record there that the names below it are of one "
        "organization:",
        parent);
    finding.paste.push_back(txt_line("_dmarc." + parent, "v=DMARC1; p=none"));
  }

  void report_envelopes(Alignment dkim) {
    const bool fixed_by_r =
        record_.strict_spf && align(domains_.envelope, Mode::relaxed) == Alignment::aligned;
    report(Severity::risk,
           fmt::format("SPF is checked for {}, which does not count for mail From {}{}{}",
                       list_of(domains_.envelope), walk_.start, fixed_by_r ? " with aspf=s" : "",
                       dkim == Alignment::not_aligned ? "" : ": DMARC depends on the DKIM signature alone"),
           fmt::format("send with an envelope address in {}", walk_.start));
  }

  Lookup& lookup_;
  const TreeWalk& walk_;
  const DmarcRecord& record_;
  const AuthenticatedDomains& domains_;
  Findings findings_;
};

}  // namespace

Findings check_alignment(Lookup& lookup, const TreeWalk& walk, const DmarcRecord& record,
                         const AuthenticatedDomains& domains) {
  return Checker(lookup, walk, record, domains).run();
}

}  // namespace dkim::keytool
