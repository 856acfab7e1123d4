// Patterns, keys and rules of an import in few words.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "keytool/opendkim/address_pattern.hpp"
#include "keytool/opendkim/rule_plan.hpp"

namespace dkim::keytool::opendkim {

inline AddressPattern pattern(std::string_view glob) {
  return patterns_of_glob(glob).at(0);
}

inline canon::DomainName domain(std::string_view text) {
  return *canon::DomainName::parse(text);
}

inline canon::Selector selector(std::string_view text) {
  return *canon::Selector::parse(text);
}

inline KeyName key(std::string_view domain_text, std::string_view selector_text) {
  return {domain(domain_text), selector(selector_text)};
}

inline ActiveKeys active(std::initializer_list<KeyName> keys) {
  ActiveKeys out;
  for (const auto& name : keys)
    out[name.domain].push_back(name.selector);
  return out;
}

inline std::vector<std::string> rules(const RulePlan& plan) {
  std::vector<std::string> out;
  for (const auto& rule : plan.rules) {
    std::string text = rule.pattern.text() + " -> " + (rule.domain ? rule.domain->str() : "nobody");
    for (const auto& name : rule.selectors)
      text += " " + name.str();
    out.push_back(std::move(text));
  }
  return out;
}

using Texts = std::vector<std::string>;

}  // namespace dkim::keytool::opendkim
