#include "crypto/settings/login_settings.hpp"

#include <gtest/gtest.h>

#include "crypto/error.hpp"

namespace dkim::crypto {
namespace {

LoginSettings read(std::string_view text) {
  const auto file = SettingsFile::parse(text, "x.conf");
  auto root = file.root();
  auto settings = read_login_settings(root);
  root.reject_unknown();
  return settings;
}

std::string refusal(std::string_view text) {
  try {
    read(text);
    return "";
  } catch (const SettingsError& error) {
    return error.what();
  }
}

bool may_use(std::string_view text, std::string_view login, std::string_view domain) {
  const auto settings = read(text);
  return domains_of_login(settings, login)(*canon::DomainName::parse(domain));
}

TEST(LoginSettings, WithoutTheSettingEveryLoginMayUseEveryDomain) {
  for (const auto* text : {"", "logins = \"any\";"}) {
    EXPECT_EQ(read(text).method, LoginSettings::Method::every_domain);
    EXPECT_TRUE(may_use(text, "joe", "example.com"));
  }
}

TEST(LoginSettings, OwnDomainAndThoseBelowIt) {
  constexpr const char* own = "logins = \"domain\";";
  EXPECT_TRUE(may_use(own, "a@shop.example", "shop.example"));
  EXPECT_TRUE(may_use(own, "A@Shop.Example", "news.shop.example"));
  EXPECT_TRUE(may_use(own, "a@b@shop.example", "shop.example"));
  EXPECT_TRUE(may_use(own,
                      "a@b\xc3\xbc"
                      "cher.example",
                      "xn--bcher-kva.example"));
  EXPECT_FALSE(may_use(own, "a@news.shop.example", "shop.example"));
  EXPECT_FALSE(may_use(own, "a@shop.example", "myshop.example"));
  EXPECT_FALSE(may_use(own, "a@shop.example@other.example", "shop.example"));
  for (const auto* login : {"", "joe", "@", "a@", "a@..", "a@-x-"})
    EXPECT_FALSE(may_use(own, login, "shop.example")) << login;
}

TEST(LoginSettings, TheFirstRuleThatMatchesDecides) {
  constexpr const char* rules =
      "logins = ( { login = \"relay\"; domains = ( \"*\" ); },"
      " { login = \"boss@Shop.example\"; domains = ( \"shop.example\", \"Other.example\" ); },"
      " { login = \"*@shop.example\"; domains = ( \"shop.example\" ); } );";
  EXPECT_TRUE(may_use(rules, "Relay", "any.example"));
  EXPECT_TRUE(may_use(rules, "boss@shop.example", "sub.other.example"));
  EXPECT_TRUE(may_use(rules, "joe@shop.example", "shop.example"));
  EXPECT_FALSE(may_use(rules, "joe@shop.example", "other.example"));
  EXPECT_FALSE(may_use(rules, "joe", "shop.example"));
}

TEST(LoginSettings, APatternIsReadAsInATable) {
  constexpr const char* rules =
      "logins = ( { login = \"@shop.example\"; domains = ( \"shop.example\" ); },"
      " { login = \"@b\xc3\xbc"
      "cher.example\"; domains = ( \"club.example\" ); },"
      " { login = \"J\xc3\xb6rg\"; domains = ( \"j.example\" ); } );";
  EXPECT_TRUE(may_use(rules, "joe@shop.example", "shop.example"));
  EXPECT_FALSE(may_use(rules, "joe@sub.shop.example", "shop.example"));
  EXPECT_TRUE(may_use(rules, "joe@XN--bcher-kva.example", "club.example"));
  EXPECT_TRUE(may_use(rules,
                      "joe@b\xc3\xbc"
                      "cher.example",
                      "club.example"));
  EXPECT_TRUE(may_use(rules, "j\xc3\xb6RG", "j.example")) << "case matters beyond ASCII only";
  EXPECT_FALSE(may_use(rules, "j\xc3\x96rg", "j.example"));
}

// A login of an attacker's choice matches its own pattern only.
TEST(LoginSettings, OddLoginsAreNobodyElses) {
  constexpr const char* rules =
      "logins = ( { login = \"joe\"; domains = ( \"joe.example\" ); },"
      " { login = \"*@shop.example\"; domains = ( \"shop.example\" ); } );";
  const std::string many(100'000, '@');
  for (const auto* login :
       {"", "*", "joe ", " joe", "joe@", "joe\n", "\tjoe", "@", "@shop.example.", "*@*", "joe@shop.example.",
        "joe@shop.example\n", "joe@shop.example joe", "joe@.shop.example", "joe@shop\xff.example",
        "joe@shop.example\xc0\x80", many.c_str()}) {
    EXPECT_FALSE(may_use(rules, login, "joe.example")) << login;
    EXPECT_FALSE(may_use(rules, login, "shop.example")) << login;
  }
}

TEST(LoginSettings, ALoginWithoutDomainsMayUseNone) {
  constexpr const char* rules =
      "logins = ( { login = \"eve@shop.example\"; domains = ( ); },"
      " { login = \"@shop.example\"; domains = ( \"shop.example\" ); } );";
  EXPECT_FALSE(may_use(rules, "eve@shop.example", "shop.example"));
  EXPECT_TRUE(may_use(rules, "joe@shop.example", "shop.example"));
}

TEST(LoginSettings, MistakesAreErrorsWithTheirPlace) {
  const std::vector<std::pair<const char*, const char*>> mistakes = {
      {"logins = \"domains\";", "x.conf:1: \"logins\" has an unknown value"},
      {"logins = \"\";", "x.conf:1: \"logins\" has an unknown value"},
      {"logins = \"logins.txt\";", "x.conf:1: \"logins\" has an unknown value"},
      {"\nlogins = ( );", "x.conf:2: \"logins\" is an empty list, which lets no login write"},
      {"logins = ( { login = \"@a.example\"; domains = ( ); },\n{ login = \"b@a.example\"; domains = ( ); } "
       ");",
       "x.conf:2: an entry that never applies"},
      {"logins = 1;", "x.conf:1: \"logins\" is a number"},
      {"logins = (\n{ domains = ( \"a.example\" ); } );", "x.conf:2: \"login\" is missing"},
      {"logins = ( { login = \"a\"; } );", "x.conf:1: \"domains\" is missing"},
      {"logins = ( { login = \"\"; domains = ( \"a.example\" ); } );", "x.conf:1: \"login\" is empty"},
      {"logins = ( { login = \"a\\tb\"; domains = ( \"a.example\" ); } );",
       "x.conf:1: \"login\" has a control"},
      {"logins = ( { login = \"a\"; domains = ( \"localhost\" ); } );",
       "x.conf:1: \"domains\" is a name of one label"},
      {"logins = ( { login = \"*\"; domains = ( \"*\" ); },\n{ login = \"a\"; domains = ( ); } );",
       "x.conf:2: an entry that never applies"},
      {"logins = ( { login = \"a\"; domains = ( ); sign = true; } );", "x.conf:1: unknown setting \"sign\""}};
  for (const auto& [text, expected] : mistakes)
    EXPECT_EQ(refusal(text).substr(0, std::string(expected).size()), expected) << refusal(text);
}

}  // namespace
}  // namespace dkim::crypto
