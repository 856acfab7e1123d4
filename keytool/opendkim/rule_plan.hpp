// Translates "this author's mail is signed with these keys", as a SigningTable says it, into dkimsignd's
// terms: the domains' own keys, their subdomains, and as few rules as possible.
//
// Pure; never fails.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "keytool/opendkim/address_pattern.hpp"
#include "keytool/opendkim/key_collector.hpp"
#include "keytool/opendkim/remark.hpp"

namespace dkim::keytool::opendkim {

struct Binding {
  AddressPattern pattern;
  std::vector<KeyName> keys;  // empty: such mail is not signed
  std::string place;
};

struct PlannedRule {
  AddressPattern pattern;
  std::optional<canon::DomainName> domain;  // empty: such mail is not signed
  std::vector<canon::Selector> selectors;   // empty: all that are active

  bool operator==(const PlannedRule&) const = default;
};

struct RulePlan {
  std::vector<PlannedRule> rules;
  // Domains that are to sign for their subdomains.
  std::vector<canon::DomainName> with_subdomains;
  // Second signatures. Every one has a domain.
  std::vector<PlannedRule> also_sign;
};

// The selectors of each domain that will be active once the import is done.
using ActiveKeys = std::map<canon::DomainName, std::vector<canon::Selector>>;

// Drops the rules that never apply because earlier ones match all of their senders.
std::vector<PlannedRule> without_hidden(std::vector<PlannedRule> rules);

// Makes the rules. The bindings are in order of precedence: the first that matches decides.
RulePlan plan_rules(const std::vector<Binding>& bindings, const ActiveKeys& active);

}  // namespace dkim::keytool::opendkim
