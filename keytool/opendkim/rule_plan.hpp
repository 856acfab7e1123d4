// From "this author's mail is signed with these keys", as a SigningTable says it, to what says the same here:
// the domains' own keys, their subdomains, and as few rules as that takes.
//
// Pure: no file is read.
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
  std::vector<KeyName> keys;  // none: such mail is not signed
  std::string place;
};

struct PlannedRule {
  AddressPattern pattern;
  std::optional<canon::DomainName> domain;  // nothing: such mail is not signed
  std::vector<canon::Selector> selectors;   // none: all that are active

  bool operator==(const PlannedRule&) const = default;
};

struct RulePlan {
  std::vector<PlannedRule> rules;
  // Domains that are to sign for their subdomains.
  std::vector<canon::DomainName> with_subdomains;
  Remarks remarks;
};

// The selectors of each domain that will be active once the import is done.
using ActiveKeys = std::map<canon::DomainName, std::vector<canon::Selector>>;

// bindings: in order of precedence; the first that matches decides.
RulePlan plan_rules(const std::vector<Binding>& bindings, const ActiveKeys& active);

// The same decisions of bindings that all apply at once (MultipleSignatures), so that the first can decide.
std::vector<Binding> separate(const std::vector<Binding>& bindings, Remarks& remarks);

}  // namespace dkim::keytool::opendkim
