#include "keytool/doctor/dmarc_check.hpp"

#include <algorithm>
#include <set>

#include "canon/printable.hpp"
#include "canon/text.hpp"
#include "keytool/doctor/dmarc_record.hpp"
#include "keytool/doctor/organizational_domain.hpp"
#include "keytool/doctor/txt_line.hpp"

namespace dkim::keytool {
namespace {

// Whose leave to send reports we ask for; a record names one or two addresses.
constexpr std::size_t most_report_domains = 5;

std::string_view effect(DmarcPolicy policy) {
  switch (policy) {
    case DmarcPolicy::none:
      return "receivers do nothing about mail that fails";
    case DmarcPolicy::quarantine:
      return "mail that fails goes to the spam folder";
    default:
      return "mail that fails is refused";
  }
}

std::string list_of(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& item : items)
    out += (out.empty() ? "" : ", ") + item;
  return out;
}

class Checker {
 public:
  Checker(Lookup& lookup, const DmarcCheck& check) : lookup_(lookup), check_(check) {}

  Findings run() {
    const std::string organization = organizational_domain(check_.domain);
    if (!look_at(check_.domain) && (organization == check_.domain || !look_at(organization))) {
      Finding& finding = report(Severity::risk, "no DMARC record: large receivers ask for one",
                                "publish one; p=none changes nothing about delivery");
      finding.paste.push_back(
          txt_line("_dmarc." + check_.domain, "v=DMARC1; p=none; rua=mailto:postmaster@" + check_.domain));
    }
    return std::move(findings_);
  }

 private:
  Finding& report(Severity severity, const std::string& what, const std::string& advice = {}) {
    return findings_.emplace_back(
        Finding{severity, "dmarc", check_.domain, canon::printable(what, 1024), advice, {}});
  }

  // False: no record there.
  bool look_at(const std::string& owner) {
    const std::string name = "_dmarc." + owner;
    const auto texts = lookup_.ask(name, RecordType::txt);
    if (!texts) {
      report(Severity::unknown, "the record at " + name + " could not be read: " + texts.refusal().reason);
      return true;
    }
    std::vector<std::string> records;
    std::copy_if(texts->begin(), texts->end(), std::back_inserter(records), is_dmarc_record);
    if (records.empty()) return is_meant_at(name, *texts);
    if (records.size() > 1) {
      report(Severity::risk,
             std::to_string(records.size()) + " DMARC records at " + name + ": receivers go by none of them",
             "leave one");
      return true;
    }
    const auto record = parse_dmarc_record(records.front());
    if (!record) {
      report(Severity::risk,
             "the DMARC record at " + name +
                 " is wrong, and receivers ignore it or a part of it: " + record.refusal().reason +
                 ", at octet " + std::to_string(record.refusal().octet + 1) + " of: " + records.front(),
             "mend the record there");
      return true;
    }
    judge(*record, owner);
    return true;
  }

  // Receivers pass it over, and nobody who sees it in his zone knows why.
  bool is_meant_at(const std::string& name, const std::vector<std::string>& texts) {
    const auto meant = std::find_if(texts.begin(), texts.end(), [](const auto& text) {
      return canon::lower_case(text).find("v=dmarc1") != std::string::npos;
    });
    if (meant == texts.end()) return false;
    report(Severity::risk,
           "the text at " + name +
               " does not begin with v=DMARC1; as it must, and receivers take it for no record: " + *meant,
           "mend it there: no quotes or spaces before it, capitals as here, and a semicolon behind it");
    return true;
  }

  void judge(const DmarcRecord& record, const std::string& owner) {
    judge_alignment(record);
    judge_reports(record, owner);
    if (!findings_.empty()) return;
    const auto policy = owner == check_.domain ? record.policy : record.subdomain_policy;
    std::string what = "the policy at _dmarc." + owner + " is " + std::string(to_string(policy)) + ": " +
                       std::string(effect(policy));
    if (policy != DmarcPolicy::none && record.percent < 100) {
      what += ", for " + std::to_string(record.percent) + " % of it";
    }
    what += record.report_domains.empty() ? "; no reports are asked for (rua=)"
                                          : "; reports go to " + list_of(record.report_domains);
    report(Severity::good, what);
  }

  bool is_aligned(const std::string& domain, bool strict) const {
    if (domain == check_.domain) return true;
    return !strict && organizational_domain(domain) == organizational_domain(check_.domain);
  }

  bool none_aligned(const std::vector<std::string>& domains, bool strict) const {
    return !domains.empty() && std::none_of(domains.begin(), domains.end(),
                                            [&](const auto& domain) { return is_aligned(domain, strict); });
  }

  // §3.1: one of both has to pass for the domain of From: itself, or (relaxed) for one of the same owner.
  void judge_alignment(const DmarcRecord& record) {
    if (none_aligned(check_.signing_domains, record.strict_dkim)) {
      const bool mended_by_r = !none_aligned(check_.signing_domains, false);
      report(Severity::broken,
             "signatures of " + list_of(check_.signing_domains) + " do not count for mail From " +
                 check_.domain + (mended_by_r ? ": its DMARC record says adkim=s" : ""),
             mended_by_r
                 ? "take adkim=s out of the record, or make a key: dkimkey generate --domain " + check_.domain
                 : "make a key: dkimkey generate --domain " + check_.domain);
    }
    if (none_aligned(check_.envelope_domains, record.strict_spf)) {
      report(Severity::risk,
             "SPF is checked for " + list_of(check_.envelope_domains) +
                 ", which does not count for mail From " + check_.domain +
                 (none_aligned(check_.envelope_domains, false) ? "" : " with aspf=s") +
                 ": DMARC rests on the DKIM signature alone",
             "send with an envelope address in " + check_.domain);
    }
  }

  // §7.1: who gets reports about others' domains has to agree.
  void judge_reports(const DmarcRecord& record, const std::string& owner) {
    const std::set<std::string> domains(record.report_domains.begin(), record.report_domains.end());
    std::size_t asked = 0;
    for (const auto& domain : domains) {
      if (organizational_domain(domain) == organizational_domain(owner)) continue;
      if (++asked > most_report_domains) return;
      const std::string name = owner + "._report._dmarc." + domain;
      const auto texts = lookup_.ask(name, RecordType::txt);
      if (!texts) {
        report(Severity::unknown,
               "whether " + domain + " takes the reports: " + name + ": " + texts.refusal().reason);
      } else if (std::none_of(texts->begin(), texts->end(), is_dmarc_record)) {
        Finding& finding = report(
            Severity::risk, "reports do not go to " + domain + " (rua=): it does not say that it takes them",
            "have its owner publish the record, or take reports at an address of your own");
        finding.paste.push_back(txt_line(name, "v=DMARC1"));
      }
    }
  }

  Lookup& lookup_;
  const DmarcCheck& check_;
  Findings findings_;
};

}  // namespace

Findings check_dmarc(Lookup& lookup, const DmarcCheck& check) {
  return Checker(lookup, check).run();
}

}  // namespace dkim::keytool
