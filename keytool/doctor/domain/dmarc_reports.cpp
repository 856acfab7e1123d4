#include "keytool/doctor/domain/dmarc_reports.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "keytool/output/txt_line.hpp"

namespace dkim::keytool {
namespace {

// The domains that DNS is asked about; a record names one or two.
constexpr std::size_t most_domains = 5;
constexpr std::size_t longest_name = 253;

class Checker {
 public:
  Checker(Lookup& lookup, const TreeWalk& walk, const FoundDmarcRecord& found)
      : lookup_(lookup), walk_(walk), found_(found) {}

  Findings run() {
    // A public suffix's reports are its own business.
    if (found_.owner != walk_.start && found_.record.public_suffix == PublicSuffix::yes) return {};
    std::map<std::string, std::string> tags;  // by domain: where it is named
    for (const auto& address : found_.record.aggregate)
      tags.emplace(address.domain, "rua=");
    for (const auto& address : found_.record.failure)
      tags.emplace(address.domain, "ruf=");
    tags.erase("");
    std::size_t left = most_domains;
    for (const auto& [domain, tag] : tags) {
      if (domain == walk_.start) continue;
      if (left-- == 0) {
        report(Severity::note, "reports go to so many domains that not all of them were checked");
        break;
      }
      const auto own = is_of_organization(lookup_, walk_, domain);
      if (own.value_or(false)) continue;
      if (own) {
        check_leave(domain, tag);
      } else {
        report_unclear(domain, tag);
      }
    }
    return std::move(findings_);
  }

 private:
  Finding& report(Severity severity, const std::string& what, const std::string& advice = {}) {
    return findings_.emplace_back(finding_from_dns(severity, "dmarc", walk_.start, what, advice));
  }

  void report_unclear(const std::string& domain, const std::string& tag) {
    report(Severity::unknown,
           fmt::format(
               "whether {} ({}) is of the same organization as {}: the DMARC records above could not be read",
               domain, tag, found_.owner));
  }

  void check_leave(const std::string& domain, const std::string& tag) {
    const std::string name = fmt::format("{}._report._dmarc.{}", found_.owner, domain);
    if (name.size() > longest_name) {
      report(
          Severity::risk,
          fmt::format("reports do not go to {} ({}): the record by which it would agree would have too long "
                      "a name",
                      domain, tag),
          "receive reports at an address of your own");
      return;
    }
    const auto texts = lookup_.ask(name, RecordType::txt);
    if (!texts) {
      report(Severity::unknown, fmt::format("whether {} accepts the reports ({}): {}: {}", domain, tag, name,
                                            texts.refusal().reason));
    } else if (std::none_of(texts->begin(), texts->end(), is_dmarc_record)) {
      Finding& finding = report(
          Severity::risk,
          fmt::format("reports do not go to {} ({}): it does not say that it accepts them", domain, tag),
          "have its owner publish the record, or receive reports at an address of your own");
      finding.paste.push_back(txt_line(name, "v=DMARC1"));
    }
  }

  Lookup& lookup_;
  const TreeWalk& walk_;
  const FoundDmarcRecord& found_;
  Findings findings_;
};

}  // namespace

Findings check_report_addresses(Lookup& lookup, const TreeWalk& walk, const FoundDmarcRecord& found) {
  return Checker(lookup, walk, found).run();
}

}  // namespace dkim::keytool
