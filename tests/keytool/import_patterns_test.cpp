// Tests patterns of addresses, and the rules made from them.
#include <gtest/gtest.h>

#include "canon/text.hpp"
#include "keytool/opendkim/address_pattern.hpp"
#include "keytool/opendkim/rule_plan.hpp"
#include "keytool/opendkim/separate.hpp"

namespace dkim::keytool::opendkim {
namespace {

AddressPattern pattern(std::string_view glob) {
  return patterns_of_glob(glob).at(0);
}

std::vector<std::string> texts(const std::vector<AddressPattern>& patterns) {
  std::vector<std::string> out;
  for (const auto& pattern : patterns)
    out.push_back(pattern.text());
  return out;
}

TEST(ImportPattern, WritesAGlobAsARuleDoes) {
  const std::map<std::string, std::vector<std::string>> cases{
      {"U@Example.com", {"u@example.com"}},
      {"*@example.com", {"*@example.com"}},
      {"*@*.example.com", {"*@*.example.com"}},
      {"*", {"*"}},
      {"*@*", {"*"}},
      {"news-*@*", {"news-*@*"}},
      {"*example.com", {"*@*example.com"}},
      {"**@***example.com", {"*@*example.com"}},
      {"**@**", {"*"}},
      {"*.example.com", {"*@*.example.com"}},
      {"a*b*c", {"a*@*b*c", "a*b*@*c"}},
      {"example.com", {}},
      {"u@-bad-", {}},
      {"u@M\xc3\xbcller.example", {"u@xn--mller-kva.example"}},
  };
  for (const auto& [glob, expected] : cases)
    EXPECT_EQ(texts(patterns_of_glob(glob)), expected) << glob;
}

TEST(ImportPattern, WritesATableKeyAsARuleDoes) {
  const std::map<std::string, std::string> cases{{"*", "*"},
                                                 {"example.com", "*@example.com"},
                                                 {".example.com", "*@*.example.com"},
                                                 {"u@*", "u@*"},
                                                 {"u@.example.com", "u@*.example.com"},
                                                 {"U@Example.COM", "u@example.com"},
                                                 {"*@x.org", ""},
                                                 {"*.x.org", ""},
                                                 {"@x.org", ""},
                                                 {"u*@x.org", ""},
                                                 {"u@*.x.org", ""},
                                                 {"u@", ""}};
  for (const auto& [key, expected] : cases) {
    const auto found = pattern_of_table_key(key);
    EXPECT_EQ(found ? found->text() : "", expected) << key;
  }
}

// Compares covers() and overlap_of() with the matches of each pattern in a small world of addresses: they may
// be unsure, but not wrong.
TEST(ImportPattern, ComparesThemCorrectly) {
  std::vector<AddressPattern> patterns;
  for (const auto* glob :
       {"*",        "a@*",       "b*@*",      "*@x.org",     "a@x.org",     "ba@x.org",    "b*@x.org",
        "*a@x.org", "*@*.x.org", "a@*.x.org", "*@y.x.org",   "*@*.y.x.org", "*@z.y.x.org", "*@*x.org",
        "*@*.org",  "*@z.com",   "a@*z.com",  "*b*@*.x.org", "b*a@*",       "*b@*org"})
    patterns.push_back(pattern(glob));
  std::vector<std::string> world;
  for (const auto* user : {"a", "b", "ba", "bca", "c", "cb"}) {
    for (const auto* domain :
         {"x.org", "y.x.org", "z.y.x.org", "q.x.org", "zx.org", "z.com", "yz.com", "w.com"})
      world.push_back(std::string(user) + "@" + domain);
  }
  int known = 0;
  for (const auto& a : patterns) {
    EXPECT_TRUE(covers(a, a)) << a.text();
    for (const auto& b : patterns) {
      const auto overlap = overlap_of(a, b);
      const std::string both = a.text() + " and " + b.text();
      for (const auto& address : world) {
        const bool in_a = canon::matches_wildcard(a.text(), address);
        const bool in_b = canon::matches_wildcard(b.text(), address);
        EXPECT_TRUE(!covers(a, b) || in_a || !in_b) << both << ": " << address;
        EXPECT_FALSE(overlap.kind == Overlap::Kind::none && in_a && in_b) << both << ": " << address;
        if (overlap.kind == Overlap::Kind::known) {
          ++known;
          EXPECT_EQ(canon::matches_wildcard(overlap.pattern.text(), address), in_a && in_b)
              << both << ": " << address;
        }
      }
    }
  }
  EXPECT_GT(known, 5000);
  EXPECT_TRUE(covers(pattern("*"), pattern("a@x.org")));
  EXPECT_TRUE(covers(pattern("*@*.org"), pattern("*@x.org")));
  EXPECT_TRUE(covers(pattern("b*@*"), pattern("b*a@*.x.org")));
  EXPECT_FALSE(covers(pattern("*@*.x.org"), pattern("*@x.org")));
}

canon::DomainName domain(std::string_view text) {
  return *canon::DomainName::parse(text);
}

canon::Selector selector(std::string_view text) {
  return *canon::Selector::parse(text);
}

KeyName key(std::string_view domain_text, std::string_view selector_text) {
  return {domain(domain_text), selector(selector_text)};
}

ActiveKeys active(std::initializer_list<KeyName> keys) {
  ActiveKeys out;
  for (const auto& name : keys)
    out[name.domain].push_back(name.selector);
  return out;
}

std::vector<std::string> rules(const RulePlan& plan) {
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

TEST(ImportRules, ADomainWithItsOwnKeyNeedsNone) {
  const auto a = key("a.org", "s");
  const auto plan = plan_rules({{pattern("*@a.org"), {a}, ""}}, active({a}));
  EXPECT_EQ(rules(plan), Texts{});
  EXPECT_TRUE(plan.with_subdomains.empty());
}

TEST(ImportRules, SubdomainsAreAFlagOfTheDomain) {
  const auto a = key("a.org", "s");
  const auto plan = plan_rules({{pattern("*@a.org"), {a}, ""}, {pattern("*@*.a.org"), {a}, ""}}, active({a}));
  EXPECT_EQ(rules(plan), Texts{});
  EXPECT_EQ(plan.with_subdomains, std::vector{domain("a.org")});
}

TEST(ImportRules, WhatTheTableLeavesOutIsForbidden) {
  const auto a = key("a.org", "s");
  EXPECT_EQ(rules(plan_rules({{pattern("me@a.org"), {a}, ""}}, active({a}))),
            (Texts{"me@a.org -> a.org", "*@a.org -> nobody"}));
}

// dkimsignd refuses a rule that an earlier one hides.
TEST(ImportRules, WhatIsForbiddenAlreadyGetsNoRule) {
  const auto a = key("a.org", "s");
  for (const auto* glob : {"**@a.org", "*@*.org", "*@*org", "**@*org", "*org", "*@**"}) {
    EXPECT_EQ(rules(plan_rules({{pattern("me@a.org"), {a}, ""}, {pattern(glob), {}, ""}}, active({a}))),
              (Texts{"me@a.org -> a.org", pattern(glob).text() + " -> nobody"}))
        << glob;
  }
}

TEST(ImportRules, AFurtherKeyOfTheDomainMakesTheRuleNameItsSelector) {
  const auto a = key("a.org", "s");
  const auto b = key("a.org", "t");
  EXPECT_EQ(rules(plan_rules({{pattern("*@a.org"), {a}, ""}}, active({a, b}))),
            (Texts{"*@a.org -> a.org s"}));
  EXPECT_EQ(rules(plan_rules({{pattern("*@a.org"), {b, a}, ""}}, active({a, b}))), Texts{});
}

TEST(ImportRules, ARuleStaysIfALaterOneWouldTakeItsMail) {
  const auto a = key("a.org", "s");
  const auto b = key("b.org", "t");
  EXPECT_EQ(rules(plan_rules({{pattern("*@a.org"), {a}, ""}, {pattern("*"), {b}, ""}}, active({a, b}))),
            (Texts{"*@a.org -> a.org", "* -> b.org"}));
}

TEST(ImportRules, ASubdomainWithKeysKeepsTheRuleOfItsParent) {
  const auto a = key("a.org", "s");
  const auto below = key("x.a.org", "t");
  const auto other = key("b.org", "u");
  // The own keys of x.a.org would sign its mail, which the table gives to a.org.
  const auto plan = plan_rules(
      {{pattern("*@*.a.org"), {a}, ""}, {pattern("*@a.org"), {a}, ""}, {pattern("*@b.org"), {below}, ""}},
      active({a, below, other}));
  EXPECT_EQ(rules(plan), (Texts{"*@*.a.org -> a.org", "*@b.org -> x.a.org"}));
  // If x.a.org signs its own mail, no rule is needed.
  const auto own = plan_rules(
      {{pattern("*@x.a.org"), {below}, ""}, {pattern("*@*.a.org"), {a}, ""}, {pattern("*@a.org"), {a}, ""}},
      active({a, below}));
  EXPECT_EQ(rules(own), Texts{});
  EXPECT_EQ(own.with_subdomains, std::vector{domain("a.org")});
}

TEST(ImportRules, NoOtherKeySignsInPlaceOfAMissingOne) {
  const auto parent = key("gone.org", "s");
  const auto gone = key("x.gone.org", "s");
  EXPECT_EQ(rules(plan_rules({{pattern("*@gone.org"), {parent}, ""}}, {})), Texts{});
  EXPECT_EQ(rules(plan_rules({{pattern("*@x.gone.org"), {gone}, ""}, {pattern("*@gone.org"), {parent}, ""}},
                             active({parent}))),
            (Texts{"*@x.gone.org -> nobody"}));
  EXPECT_EQ(rules(plan_rules({{pattern("*@gone.org"), {key("gone.org", "t")}, ""}}, active({parent}))),
            (Texts{"*@gone.org -> nobody"}));
  EXPECT_EQ(rules(plan_rules({{pattern("*@elsewhere.org"), {gone}, ""}}, {})), Texts{});
}

TEST(ImportRules, MailOfDomainsWithoutKeysNeedsNoRule) {
  EXPECT_EQ(rules(plan_rules({{pattern("*@a.org"), {}, ""}}, {})), Texts{});
}

TEST(ImportRules, OneRuleSignsAsOneDomain) {
  const auto a = key("a.org", "s");
  const auto b = key("b.org", "t");
  const auto plan = plan_rules({{pattern("*@c.org"), {a, b}, "t:1"}}, active({a, b}));
  EXPECT_EQ(rules(plan), (Texts{"*@c.org -> a.org", "*@a.org -> nobody", "*@b.org -> nobody"}));
  ASSERT_EQ(plan.remarks.size(), 1U);
  EXPECT_EQ(plan.remarks[0].kind, Remark::Kind::signed_otherwise);
  EXPECT_EQ(plan.remarks[0].place, "t:1");
}

// For every address of a small world, the first matching binding after separation has the keys of all
// bindings that matched before.
TEST(ImportRules, TheFirstSeparatedBindingDecidesAsAllTogetherDid) {
  std::vector<Binding> bindings;
  int number = 0;
  for (const auto* glob : {"*@x.org", "a@*", "*@*.x.org", "a@x.org", "b@*.x.org", "*", "*@y.x.org", "b@*"})
    bindings.push_back({pattern(glob), {key("d.org", "s" + std::to_string(number++))}, ""});
  const auto [separated, remarks] = separate(bindings);
  EXPECT_TRUE(remarks.empty());
  for (const auto* user : {"a", "b", "c"}) {
    for (const auto* host : {"x.org", "y.x.org", "z.y.x.org", "w.com"}) {
      const std::string address = std::string(user) + "@" + host;
      std::vector<KeyName> all;
      for (const auto& binding : bindings) {
        if (canon::matches_wildcard(binding.pattern.text(), address)) all.push_back(binding.keys[0]);
      }
      const auto first = std::find_if(separated.begin(), separated.end(), [&](const auto& binding) {
        return canon::matches_wildcard(binding.pattern.text(), address);
      });
      ASSERT_NE(first, separated.end()) << address;
      EXPECT_EQ(first->keys, all) << address;
    }
  }
}

TEST(ImportRules, SaysIfItCannotSeparate) {
  const auto remarks = separate({{pattern("a*@x.org"), {key("d.org", "s")}, ""},
                                 {pattern("*b@x.org"), {key("d.org", "t")}, ""}})
                           .remarks;
  ASSERT_EQ(remarks.size(), 1U);
  EXPECT_EQ(remarks[0].kind, Remark::Kind::signed_otherwise);
}

}  // namespace
}  // namespace dkim::keytool::opendkim
