// Tests what becomes of a table whose lines all apply (MultipleSignatures): rules for the authors, and
// also_sign.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "canon/text.hpp"
#include "keytool/opendkim/separate.hpp"
#include "tests/keytool/rule_texts.hpp"

namespace dkim::keytool::opendkim {
namespace {

// The domains and selectors that sign mail of an address, as dkimsignd chooses them.
std::set<std::string> signers(const RulePlan& plan, const ActiveKeys& keys, const std::string& address) {
  std::set<std::string> out;
  const auto matches = [&](const PlannedRule& rule) {
    return canon::matches_wildcard(rule.pattern.text(), address);
  };
  const auto add = [&](const canon::DomainName& as, const std::vector<canon::Selector>& selectors) {
    for (const auto& selector : selectors.empty() ? keys.at(as) : selectors)
      out.insert(as.str() + "/" + selector.str());
  };
  const auto rule = std::find_if(plan.rules.begin(), plan.rules.end(), matches);
  if (rule != plan.rules.end()) {
    if (!rule->domain) return out;
    add(*rule->domain, rule->selectors);
  } else {
    const auto author = domain(address.substr(address.find('@') + 1));
    for (std::optional<canon::DomainName> at = author; at && out.empty(); at = at->parent()) {
      const auto& below = plan.with_subdomains;
      if (keys.contains(*at) && (*at == author || std::find(below.begin(), below.end(), *at) != below.end()))
        add(*at, {});
    }
    if (out.empty()) return out;
  }
  for (const auto& entry : plan.also_sign) {
    if (matches(entry)) add(*entry.domain, entry.selectors);
  }
  return out;
}

// Each table in each order: the keys of all lines that match sign, and no others.
TEST(ImportSecond, EachAddressIsSignedByTheKeysOfAllItsLines) {
  const std::vector<std::vector<std::pair<const char*, KeyName>>> tables = {
      {{"*@x.org", key("x.org", "s")}, {"*@y.x.org", key("y.x.org", "s")}, {"*", key("esp.net", "e")}},
      {{"*@x.org", key("x.org", "s")}, {"*@x.org", key("x.org", "t")}, {"a@*", key("esp.net", "e")}},
      {{"*@*.x.org", key("x.org", "s")}, {"*@x.org", key("esp.net", "e")}, {"b@x.org", key("esp.net", "f")}},
      {{"a@x.org", key("w.com", "s")},
       {"*@x.org", key("x.org", "s")},
       {"*@*.x.org", key("w.com", "t")},
       {"*@w.com", key("w.com", "s")}},
      {{"*@x.org", key("x.org", "s")}, {"*", key("esp.net", "e")}, {"a@*", key("w.com", "w")}},
  };
  for (auto table : tables) {
    ActiveKeys keys;
    for (const auto& [glob, name] : table) {
      auto& selectors = keys[name.domain];
      if (std::find(selectors.begin(), selectors.end(), name.selector) == selectors.end())
        selectors.push_back(name.selector);
    }
    std::sort(table.begin(), table.end(), [](const auto& a, const auto& b) {
      return std::string(a.first) + a.second.selector.str() < std::string(b.first) + b.second.selector.str();
    });
    do {
      std::vector<Binding> bindings;
      for (const auto& [glob, name] : table)
        bindings.push_back({pattern(glob), {name}, ""});
      const auto plan = plan_rules(separate(bindings).bindings, keys);
      for (const auto* user : {"a", "b", "c"}) {
        for (const auto* host : {"x.org", "y.x.org", "z.y.x.org", "w.com", "esp.net", "else.net"}) {
          const auto address = std::string(user) + "@" + host;
          std::set<std::string> expected;
          for (const auto& binding : bindings) {
            if (canon::matches_wildcard(binding.pattern.text(), address))
              expected.insert(binding.keys[0].domain.str() + "/" + binding.keys[0].selector.str());
          }
          ASSERT_EQ(signers(plan, keys, address), expected) << address;
        }
      }
    } while (std::next_permutation(table.begin(), table.end(), [](const auto& a, const auto& b) {
      return std::string(a.first) + a.second.selector.str() < std::string(b.first) + b.second.selector.str();
    }));
  }
}

// A provider's line for everybody is one entry, however many customers have lines of their own.
TEST(ImportSecond, ASecondSignatureIsAsWideAsItsLine) {
  const auto a = key("a.org", "s");
  const auto b = key("b.org", "s");
  const auto esp = key("esp.net", "e");
  const auto plan = plan_rules(
      separate({{pattern("*"), {esp}, ""}, {pattern("*@a.org"), {a}, ""}, {pattern("*@b.org"), {b}, ""}})
          .bindings,
      active({a, b, esp}));
  RulePlan second;
  second.rules = plan.also_sign;
  EXPECT_EQ(rules(second), (Texts{"* -> esp.net"}));
  EXPECT_EQ(rules(plan), (Texts{"*@a.org -> a.org", "*@b.org -> b.org", "* -> esp.net"}))
      << "the author's own domain signs first";
}

}  // namespace
}  // namespace dkim::keytool::opendkim
