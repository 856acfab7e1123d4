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

bool may_use(const LoginDomains& domains, std::string_view name) {
  return domains.contains(*canon::DomainName::parse(name));
}

bool may_use(std::string_view settings, std::string_view login, std::string_view domain) {
  return may_use(domains_of_login(read(settings), login), domain);
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

TEST(LoginSettings, MistakesAreErrorsWithTheirPlace) {
  const std::vector<std::pair<const char*, const char*>> mistakes = {
      {"logins = \"domains\";", "x.conf:1: \"logins\" has an unknown value"},
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
