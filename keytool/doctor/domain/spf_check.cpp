#include "keytool/doctor/domain/spf_check.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "canon/special_networks.hpp"
#include "canon/text.hpp"
#include "keytool/output/txt_line.hpp"
#include "keytool/spf/evaluator.hpp"
#include "keytool/spf/record.hpp"

namespace dkim::keytool {
namespace {

using spf::Result;

constexpr const char* any_address = "192.0.2.0";  // if no address is known; TEST-NET-1, RFC 5737
constexpr std::size_t most_exchanges = 10;        // of a relay that is named by its domain

std::string term_for(const canon::IpAddress& address) {
  return (address.is_v4() ? "ip4:" : "ip6:") + address.text();
}

Severity severity_of(Result result) {
  return result == Result::fail || result == Result::permerror ? Severity::broken : Severity::risk;
}

class Checker {
 public:
  Checker(Lookup& lookup, const SpfCheck& check) : lookup_(lookup), check_(check) {}

  Findings run() {
    find_senders();
    const auto texts = lookup_.ask(check_.domain, RecordType::txt);
    if (!texts) {
      report(Severity::unknown, fmt::format("the TXT records could not be read: {}", texts.refusal().reason));
      return std::move(findings_);
    }
    std::vector<std::string> records;
    std::copy_if(texts->begin(), texts->end(), std::back_inserter(records), spf::is_record);
    if (records.size() == 1) {
      judge(records.front());
    } else if (records.empty()) {
      if (!report_meant(*texts)) report_missing();
    } else {
      report(Severity::broken,
             fmt::format("{} SPF records, which receivers treat as an error (permerror)", records.size()),
             "make one record of them: \"v=spf1\" once, and the mechanisms of all before one \"all\"");
    }
    return std::move(findings_);
  }

 private:
  Finding& report(Severity severity, const std::string& what, const std::string& advice = {}) {
    return findings_.emplace_back(finding_from_dns(severity, "spf", check_.domain, what, advice));
  }

  // Finds the addresses that receivers will see, and the terms that name them.
  void find_senders() {
    if (check_.relay.empty()) {
      for (const auto& address : check_.addresses)
        add_sender(address.unmapped());
      return;
    }
    if (const auto address = canon::IpAddress::parse(check_.relay)) {
      add_sender(address->unmapped());
      drop_private();
      return;
    }
    terms_ = {"a:" + check_.relay};
    add_addresses_of(check_.relay);
    drop_private();
    if (!senders_.empty() || relay_is_private_) return;
    // To Postfix a relayhost without brackets is a domain, and it sends to the domain's MX.
    const auto exchanges = lookup_.ask(check_.relay, RecordType::mx);
    if (!exchanges || exchanges->empty()) return;
    terms_ = {"mx:" + check_.relay};
    for (std::size_t i = 0; i < std::min(exchanges->size(), most_exchanges); ++i)
      add_addresses_of((*exchanges)[i]);
    drop_private();
  }

  // Drops the address of a filter on this host or a smarthost at home: receivers see neither it nor ours.
  void drop_private() {
    const auto dropped = std::erase_if(senders_, [](const canon::IpAddress& address) {
      return special_use(address) == canon::SpecialUse::local;
    });
    if (dropped == 0 || !senders_.empty()) return;
    terms_.clear();
    relay_is_private_ = true;
  }

  void add_addresses_of(const std::string& host) {
    for (const RecordType type : {RecordType::a, RecordType::aaaa}) {
      const auto found = lookup_.ask(host, type);
      if (!found) relay_trouble_ = found.refusal().reason;
      for (const auto& text : found ? *found : std::vector<std::string>()) {
        if (const auto address = canon::IpAddress::parse(text)) senders_.push_back(*address);
      }
    }
  }

  void add_sender(const canon::IpAddress& address) {
    senders_.push_back(address);
    terms_.push_back(term_for(address));
  }

  spf::Question question(const canon::IpAddress& address) const {
    return {address, check_.domain, check_.helo};
  }

  // Reports a record that receivers ignore: whoever sees it in the zone cannot tell why.
  bool report_meant(const std::vector<std::string>& texts) {
    const auto meant = std::find_if(texts.begin(), texts.end(), [](const auto& text) {
      return canon::lower_case(text).find("v=spf1") != std::string::npos;
    });
    if (meant == texts.end()) return false;
    report(Severity::risk,
           fmt::format(
               "a TXT record does not begin with v=spf1 and a space as it must, and receivers ignore it: {}",
               *meant),
           "fix it there: no quotes or spaces before it, and spaces between its parts");
    return true;
  }

  void report_missing() {
    // A relay may well send from other addresses than it accepts mail at: with -all, those would be refused.
    const bool relayed = !check_.relay.empty();
    Finding& finding =
        report(Severity::risk, "no SPF record: receivers cannot tell who may send for the domain",
               relayed ? "publish one with what the relay's provider says (usually an include:), or "
                         "with its addresses"
                       : "publish one that names all addresses that send its mail");
    const std::string rest = relayed || check_.others_unknown ? " ~all" : " -all";
    if (terms_.empty()) return;
    finding.paste.push_back(
        txt_line(check_.domain, fmt::format("v=spf1 {}{}", fmt::join(terms_, " "), rest)));
  }

  void judge(const std::string& text) {
    const auto record = spf::parse_record(text);
    if (!record) {
      report(
          Severity::broken,
          fmt::format(
              "the SPF record has a syntax error, which receivers treat as permerror: {}, at byte {} of: {}",
              record.refusal().reason, record.refusal().byte + 1, text),
          "fix the record there");
      return;
    }
    judge_senders(text, *record);
    judge_cost();
    judge_default();
  }

  void judge_senders(const std::string& text, const spf::Record& record) {
    if (senders_.empty()) {
      report_no_sender();
      return;
    }
    std::vector<std::string> covered;
    std::vector<std::string> uncovered;
    std::vector<std::string> terms;
    std::optional<Result> worst;
    for (const auto& sender : senders_) {
      const auto outcome = spf::check_host(lookup_, question(sender));
      if (outcome.result == Result::pass) {
        covered.push_back(sender.text());
      } else if (outcome.result == Result::temperror) {
        report(Severity::unknown,
               fmt::format("whether the SPF record covers {}: {}", sender.text(), outcome.reason));
      } else if (outcome.result == Result::permerror) {
        // Usually the same for every address.
        if (!erroneous_) report_error(outcome, sender);
        erroneous_ = true;
      } else {
        uncovered.push_back(fmt::format("{} ({})", sender.text(), to_string(outcome.result)));
        terms.push_back(term_for(sender));
        if (!worst || severity_of(outcome.result) < severity_of(*worst)) worst = outcome.result;
      }
    }
    if (worst) report_uncovered(uncovered, *worst, text, record, check_.relay.empty() ? terms : terms_);
    if (findings_.empty()) {
      report(Severity::good, fmt::format("the SPF record covers {}: {}", fmt::join(covered, ", "), text));
    }
  }

  void report_no_sender() {
    if (check_.relay.empty()) {
      report(Severity::unknown, "whether the SPF record covers this host: its public address is not known");
    } else if (relay_is_private_) {
      report(Severity::unknown,
             fmt::format("whether the SPF record covers the relay: {}: its address is private, not what "
                         "receivers see",
                         check_.relay));
    } else if (!relay_trouble_.empty()) {
      report(Severity::unknown,
             fmt::format("whether the SPF record covers the relay: {}: {}", check_.relay, relay_trouble_));
    } else {
      report(Severity::unknown,
             fmt::format("whether the SPF record covers the relay: {} has no address", check_.relay));
    }
  }

  void report_error(const spf::Outcome& outcome, const canon::IpAddress& sender) {
    report(Severity::broken,
           fmt::format("receivers get an error (permerror) when they check {}: {}", sender.text(),
                       outcome.reason),
           outcome.lookups > spf::most_lookups
               ? "name addresses by ip4: and ip6: instead of a, mx and include, until ten lookups are enough"
               : "fix or remove that part of the record");
  }

  void report_uncovered(const std::vector<std::string>& which, Result worst, const std::string& text,
                        const spf::Record& record, const std::vector<std::string>& terms) {
    const bool relayed = !check_.relay.empty();
    // A relay may well send from other addresses than it accepts mail at.
    Finding& finding =
        report(relayed ? Severity::risk : severity_of(worst),
               relayed ? fmt::format("the SPF record does not cover the relay {}, {}: {}", check_.relay,
                                     fmt::join(which, ", "), text)
                       : fmt::format("the SPF record does not cover {}: {}", fmt::join(which, ", "), text),
               relayed ? "add what the relay's provider says (usually an include:), or its address"
                       : "add the address to the record");
    finding.paste.push_back(
        txt_line(check_.domain, spf::with_terms(text, record, fmt::format("{}", fmt::join(terms, " ")))));
  }

  void judge_cost() {
    const auto address = senders_.empty() ? *canon::IpAddress::parse(any_address) : senders_.front();
    cost_ = spf::measure(lookup_, question(address));
    const bool said = std::any_of(findings_.begin(), findings_.end(),
                                  [](const auto& finding) { return finding.severity == Severity::unknown; });
    const bool cut_short = cost_.result == Result::temperror;
    if (cut_short && cost_.lookups <= spf::most_lookups) {
      if (!said)
        report(Severity::unknown, fmt::format("how many lookups the SPF record takes: {}", cost_.reason));
      return;
    }
    if (cost_.lookups > spf::most_lookups && !erroneous_) {
      report(Severity::risk,
             fmt::format(
                 "the SPF record takes {}{} lookups where receivers stop at {} with an error: senders named "
                 "beyond that fail",
                 cut_short ? "at least " : "", cost_.lookups, spf::most_lookups),
             "name addresses by ip4: and ip6: instead of a, mx and include");
    } else if (cost_.result == Result::permerror && !erroneous_) {
      report(Severity::risk,
             fmt::format("a part of the SPF record leads to an error (permerror): {}", cost_.reason),
             "fix or remove that part");
    } else if (cost_.voids > spf::most_voids && !erroneous_) {
      report(Severity::risk,
             fmt::format(
                 "the SPF record asks for {} names that do not exist, where receivers stop at the third with "
                 "an error",
                 cost_.voids),
             "remove what no longer exists");
    } else if (!findings_.empty() && findings_.front().severity == Severity::good) {
      findings_.front().what += fmt::format(" ({} of {} lookups)", cost_.lookups, spf::most_lookups);
    }
    if (cost_.ptr) {
      report(Severity::risk,
             "the SPF record uses ptr, which is slow and which many receivers ignore (RFC 7208 5.5)",
             "name the addresses by ip4: and ip6:");
    }
  }

  // Judges what happens to senders that the record does not name.
  void judge_default() {
    if (cost_.result == Result::pass) {
      report(Severity::risk, "the SPF record ends in +all: anybody may send as the domain",
             "end it in -all or ~all");
    }
    if (cost_.result == Result::neutral) {
      report(Severity::risk, "the SPF record says nothing about other senders: it has no all, or ?all",
             "end it in -all or ~all");
    }
  }

  Lookup& lookup_;
  const SpfCheck& check_;
  Findings findings_;
  std::vector<canon::IpAddress> senders_;
  std::vector<std::string> terms_;
  bool relay_is_private_ = false;
  std::string relay_trouble_;
  spf::Outcome cost_;
  bool erroneous_ = false;
};

}  // namespace

Findings check_spf(Lookup& lookup, const SpfCheck& check) {
  return Checker(lookup, check).run();
}

}  // namespace dkim::keytool
