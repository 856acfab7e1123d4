#include "keytool/doctor/domain/dmarc_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "keytool/doctor/domain/dmarc_alignment.hpp"
#include "keytool/doctor/domain/dmarc_reports.hpp"
#include "keytool/doctor/domain/organizational_domain.hpp"
#include "keytool/output/txt_line.hpp"

namespace dkim::keytool {
namespace {

std::string effect(DmarcPolicy policy) {
  switch (policy) {
    case DmarcPolicy::none:
      return "receivers do nothing about mail that fails";
    case DmarcPolicy::quarantine:
      return "mail that fails goes to the spam folder";
    case DmarcPolicy::reject:
      break;
  }
  return "mail that fails is refused";
}

std::string name_of(const std::string& owner) {
  return fmt::format("_dmarc.{}", owner);
}

std::string mail_domains(const std::vector<ReportAddress>& addresses) {
  std::vector<std::string> domains;
  for (const auto& address : addresses) {
    const std::string& domain = address.domain.empty() ? address.uri : address.domain;
    if (std::find(domains.begin(), domains.end(), domain) == domains.end()) domains.push_back(domain);
  }
  return fmt::format("{}", fmt::join(domains, ", "));
}

class Checker {
 public:
  Checker(Lookup& lookup, const DmarcCheck& check) : lookup_(lookup), check_(check) {}

  Findings run() {
    const auto walk = walk_up(lookup_, check_.domain);
    for (const auto& ignored : walk.ignored)
      report_ignored(ignored);
    const auto* found = walk.policy();
    if (found != nullptr) {
      judge(walk, *found);
    } else if (walk.trouble) {
      report(Severity::unknown, fmt::format("the record at {} could not be read: {}",
                                            name_of(walk.trouble->owner), walk.trouble->reason));
    } else if (walk.ignored.empty()) {
      report_missing();
    }
    return std::move(findings_);
  }

 private:
  Finding& report(Severity severity, const std::string& what, const std::string& advice = {}) {
    return findings_.emplace_back(finding_from_dns(severity, "dmarc", check_.domain, what, advice));
  }

  void add(Findings more) { std::move(more.begin(), more.end(), std::back_inserter(findings_)); }

  // Whoever sees such a record in the zone cannot tell that it has no effect.
  void report_ignored(const TreeWalk::Ignored& ignored) {
    const bool several = ignored.text.empty();
    report(
        Severity::risk,
        several ? fmt::format("the record at {} {}", name_of(ignored.owner), ignored.why)
                : fmt::format("the record at {} {}: {}", name_of(ignored.owner), ignored.why, ignored.text),
        several
            ? "leave one"
            : "fix it there: v=DMARC1; in front, in capitals as here, without quotation marks, backslashes "
              "or spaces before it");
  }

  void report_missing() {
    const std::string misplaced = find_misplaced();
    Finding& finding = report(
        Severity::risk,
        fmt::format(
            "no DMARC record, here or at any name above{}: Gmail, Yahoo and Microsoft refuse bulk mail "
            "without one, or put it into the spam folder",
            misplaced),
        misplaced.empty() ? "publish one; p=none changes nothing about delivery"
                          : "move it to its right name");
    finding.paste.push_back(
        txt_line(name_of(check_.domain), "v=DMARC1; p=none; rua=mailto:postmaster@" + check_.domain));
  }

  // Looks where people and their hosters' forms put it by mistake.
  std::string find_misplaced() {
    const std::string doubled = name_of(check_.domain) + "." + check_.domain;
    for (const auto& name : {check_.domain, doubled}) {
      if (name.size() > 253) continue;
      const auto texts = lookup_.ask(name, RecordType::txt);
      if (texts && std::any_of(texts->begin(), texts->end(), is_dmarc_record)) {
        return name == doubled ? fmt::format(", but one at {}, with the domain twice", name)
                               : fmt::format(", but one at {} itself", name);
      }
    }
    return {};
  }

  void judge(const TreeWalk& walk, const FoundDmarcRecord& found) {
    for (const auto& remark : found.record.remarks)
      report_remark(found, remark);
    const auto scope = scope_of(found);
    judge_missing_policy(found);
    judge_reach(walk, found);
    const bool is_enforced =
        scope && in_effect(found.record, *scope).value_or(DmarcPolicy::none) != DmarcPolicy::none;
    add(check_alignment(lookup_, walk, found.record,
                        {check_.signing_domains, check_.envelope_domains, is_enforced}));
    add(check_report_addresses(lookup_, walk, found));
    if (scope) report_policy(found, *scope);
  }

  void report_remark(const FoundDmarcRecord& found, const DmarcRemark& remark) {
    const auto& record = found.record;
    std::string what = fmt::format("the record at {}: {}", name_of(found.owner), remark.text);
    switch (remark.weight) {
      case DmarcRemark::Weight::invalid_policy:
        // §4.10.1
        what += record.aggregate.empty() ? "; receivers ignore the whole record"
                                         : "; receivers take the whole record for p=none";
        break;
      case DmarcRemark::Weight::wrong:
        break;
      case DmarcRemark::Weight::idle:
        report(Severity::note, what);
        return;
    }
    report(Severity::risk, fmt::format("{}: {}", what, found.text), "fix the record there");
  }

  static std::optional<DmarcPolicy> in_effect(const DmarcRecord& record, DmarcScope scope) {
    const auto policy = record.policy_for(scope);
    return policy && record.testing ? under_test(*policy) : policy;
  }

  // Returns nothing if the answer depends on whether the domain exists and that could not be found out;
  // reports it.
  std::optional<DmarcScope> scope_of(const FoundDmarcRecord& found) {
    if (found.owner == check_.domain) return DmarcScope::domain;
    const auto& record = found.record;
    if (record.policy_for(DmarcScope::missing_subdomain) == record.policy_for(DmarcScope::subdomain)) {
      return DmarcScope::subdomain;
    }
    const auto exists = lookup_.exists(check_.domain);
    if (!exists) {
      report(Severity::unknown,
             fmt::format(
                 "whether sp= or np= of the record at {} is for this domain: whether it exists could not be "
                 "found out: {}",
                 name_of(found.owner), exists.refusal().reason));
      return {};
    }
    return *exists ? DmarcScope::subdomain : DmarcScope::missing_subdomain;
  }

  // §4.7 and §4.10.1 disagree about a record without p= and rua=.
  void judge_missing_policy(const FoundDmarcRecord& found) {
    if (found.record.policy.present) return;
    const std::string name = name_of(found.owner);
    if (found.record.aggregate.empty()) {
      report(Severity::risk,
             fmt::format("the record at {} has neither p= nor a valid address in rua=: receivers take it for "
                         "p=none, or for no record at all",
                         name),
             "add p=none; to it, which changes nothing about delivery");
    } else {
      report(Severity::note, fmt::format("the record at {} has no p=: receivers take it for p=none", name));
    }
  }

  // Judges what the record says about names other than the author domain.
  void judge_reach(const TreeWalk& walk, const FoundDmarcRecord& found) {
    const auto& record = found.record;
    const std::string name = name_of(found.owner);
    const auto organization = walk.organization();
    if (found.owner != check_.domain) {
      if (organization && *organization != found.owner) {
        report(Severity::note,
               fmt::format("the record at {}: it is a public suffix's (psd=y), and applies because {} has "
                           "none of its own",
                           name, *organization),
               "publish one of your own");
      }
      return;
    }
    if (record.public_suffix == PublicSuffix::yes) {
      report(
          Severity::risk,
          fmt::format("the record at {0}: psd=y says that others register names below {1}: every name "
                      "below is then an organization of its own, and signatures as {1} do not count for it",
                      name, found.owner),
          "remove psd=y, unless you run a registry");
    }
    if (organization && *organization != found.owner) {
      if (record.subdomain_policy.present || record.nonexistent_policy.present) {
        report(
            Severity::note,
            fmt::format("the record at {}: sp= and np= have no effect here: the record at {} applies to mail "
                        "of names below",
                        name, name_of(*organization)));
      }
      return;
    }
    const auto own = record.policy_for(DmarcScope::domain);
    const auto below = record.policy_for(DmarcScope::subdomain);
    const auto missing = record.policy_for(DmarcScope::missing_subdomain);
    if (below < own) {
      report(Severity::note, fmt::format("the record at {}: for names below it the policy is less strict: {} "
                                         "(sp=)",
                                         name, to_string(*below)));
    }
    if (missing < own && missing != below) {
      report(Severity::note,
             fmt::format("the record at {}: for names below it that do not exist the policy is less strict: "
                         "{} (np=)",
                         name, to_string(*missing)));
    }
  }

  static std::string policy_name(const FoundDmarcRecord& found, DmarcScope scope) {
    const std::string name = name_of(found.owner);
    switch (scope) {
      case DmarcScope::domain:
        break;
      case DmarcScope::subdomain:
        return fmt::format("the policy at {} for names below it", name);
      case DmarcScope::missing_subdomain:
        return fmt::format("the policy at {} for names that do not exist", name);
    }
    return fmt::format("the policy at {}", name);
  }

  static std::string reports_clause(const DmarcRecord& record) {
    if (record.aggregate.empty()) return "no reports are asked for (rua=)";
    return fmt::format("reports go to {}", mail_domains(record.aggregate));
  }

  void report_policy(const FoundDmarcRecord& found, DmarcScope scope) {
    const auto& record = found.record;
    const auto policy = record.policy_for(scope);
    const auto effective = in_effect(record, scope);
    if (!policy || !effective) return;
    const bool tested = *policy != *effective;
    const std::string subject = policy_name(found, scope);
    const std::string reports = reports_clause(record);
    if (tested) {
      report(Severity::note,
             fmt::format("{} is {}, in test (t=y), and counts as {}: {}; {}", subject, to_string(*policy),
                         to_string(*effective), effect(*effective), reports),
             "remove t=y when the reports show no failures of your own mail");
    } else {
      report(Severity::good,
             fmt::format("{} is {}: {}; {}", subject, to_string(*policy), effect(*effective), reports));
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
