#include "keytool/doctor/domain/dmarc_alignment.hpp"

#include <algorithm>

#include "canon/printable.hpp"
#include "keytool/output/txt_line.hpp"

namespace dkim::keytool {
namespace {

enum class Alignment { aligned, not_aligned, unknown };
enum class Mode { relaxed, strict };

std::string list_of(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& item : items)
    out += (out.empty() ? "" : ", ") + item;
  return out;
}

// The longest end of both of two labels at least; "" if there is none.
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
    return findings_.emplace_back(
        Finding{severity, "dmarc", walk_.start, canon::printable(what, 1024), advice, {}});
  }

  // One that aligns is enough (§4.4.1). That no domain is known is no trouble.
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
    report(Severity::unknown,
           "whether " + list_of(domains_.signing) + " and " + list_of(domains_.envelope) +
               " are of the same organization as " + walk_.start + " could not be found out" +
               (walk_.trouble ? ": _dmarc." + walk_.trouble->owner + ": " + walk_.trouble->reason
                              : ": the DMARC records above them could not be read"));
  }

  void report_signatures(Alignment spf) {
    const bool mended_by_r =
        record_.strict_dkim && align(domains_.signing, Mode::relaxed) == Alignment::aligned;
    const std::string own_key = "make a key: dkimkey generate --domain " + walk_.start;
    std::string what =
        "signatures of " + list_of(domains_.signing) + " do not count for mail From " + walk_.start;
    if (mended_by_r) what += ": its DMARC record says adkim=s";
    if (spf == Alignment::not_aligned && domains_.is_enforced) {
      what += ", and neither does SPF: receivers act on its mail as the policy says";
    }
    Finding& finding = report(Severity::broken, what,
                              mended_by_r ? "take adkim=s out of the record, or " + own_key : own_key);
    if (!record_.strict_dkim) propose_organization(finding);
  }

  // Receivers that still go by a list of public suffixes see one organization where no record above says so.
  void propose_organization(Finding& finding) {
    const auto parent = domains_.signing.empty() ? "" : common_parent(walk_.start, domains_.signing.front());
    const bool psd = !walk_.found.empty() && walk_.found.back().record.public_suffix != PublicSuffix::unsaid;
    if (parent.empty() || parent == walk_.start || psd) return;
    finding.advice +=
        "; or, if " + parent +
        " is yours, say by a DMARC record there that the names below it are of one organization:";
    finding.paste.push_back(txt_line("_dmarc." + parent, "v=DMARC1; p=none"));
  }

  void report_envelopes(Alignment dkim) {
    const bool mended_by_r =
        record_.strict_spf && align(domains_.envelope, Mode::relaxed) == Alignment::aligned;
    report(Severity::risk,
           "SPF is checked for " + list_of(domains_.envelope) + ", which does not count for mail From " +
               walk_.start + (mended_by_r ? " with aspf=s" : "") +
               (dkim == Alignment::not_aligned ? "" : ": DMARC rests on the DKIM signature alone"),
           "send with an envelope address in " + walk_.start);
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
