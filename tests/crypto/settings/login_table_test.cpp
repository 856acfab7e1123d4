#include "crypto/settings/login_table.hpp"

#include <gtest/gtest.h>

#include "crypto/error.hpp"

namespace dkim::crypto {
namespace {

bool may_use(const LoginTable& table, std::string_view login, std::string_view domain) {
  return table.find(login).contains(*canon::DomainName::parse(domain));
}

std::string refusal(std::string_view text) {
  try {
    LoginTable::parse(text, "logins");
    return "";
  } catch (const SettingsError& error) {
    return error.what();
  }
}

TEST(LoginTable, FindsTheOwnLineThenTheDomainsThenAllOthers) {
  const auto table = LoginTable::parse(
      "# comment\n"
      "\n"
      "Alice@shop.example\tshop.example  News.example \r\n"
      "@shop.example shop.example\n"
      "  relay  *\n"
      "*@club.example club.example\n"
      "joe other.example",
      "logins");
  EXPECT_EQ(table.size(), 5U);
  EXPECT_TRUE(may_use(table, "ALICE@Shop.example", "news.example"));
  EXPECT_TRUE(may_use(table, "bob@shop.example", "shop.example"));
  EXPECT_FALSE(may_use(table, "bob@shop.example", "news.example"));
  EXPECT_TRUE(may_use(table, "a@club.example", "x.club.example"));
  EXPECT_TRUE(may_use(table, "relay", "any.example"));
  EXPECT_TRUE(may_use(table, "joe", "other.example"));
  EXPECT_FALSE(may_use(table, "jim", "other.example"));
  EXPECT_FALSE(may_use(table, "", "other.example"));
  EXPECT_FALSE(may_use(table, "@other.example", "other.example"));
}

TEST(LoginTable, AStarIsEveryOtherLogin) {
  const auto table = LoginTable::parse("a@x.example x.example\n* y.example\n", "logins");
  EXPECT_TRUE(may_use(table, "", "y.example"));
  EXPECT_TRUE(may_use(table, "b@x.example", "y.example"));
  EXPECT_FALSE(may_use(table, "a@x.example", "y.example"));
}

TEST(LoginTable, AMovedTableStaysWhole) {
  auto first = LoginTable::parse("a b.c", "logins");
  const auto moved = std::move(first);
  EXPECT_TRUE(may_use(moved, "a", "b.c"));
}

TEST(LoginTable, MistakesAreErrorsWithTheirLine) {
  EXPECT_EQ(refusal("a b.example\njoe\n").substr(0, 32), "logins:2: a login without a doma");
  EXPECT_EQ(refusal("a b..example").substr(0, 21), "logins:1: \"domains\" i");
  EXPECT_EQ(refusal("a b.example\n\nA c.example").substr(0, 39), "logins:3: a login that has a line alrea");
  EXPECT_EQ(refusal(std::string_view("a\0b c.example", 13)).substr(0, 36),
            "logins:1: a login with a control cha");
  EXPECT_EQ(refusal(""), "");
}

}  // namespace
}  // namespace dkim::crypto
