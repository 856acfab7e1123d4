#include "crypto/settings/login_table.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "crypto/error.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::crypto {
namespace {

using Table = std::shared_ptr<const LoginTable>;

Table table_of(std::string_view text) {
  return std::make_shared<const LoginTable>(LoginTable::parse(text, "logins"));
}

bool may_use(const Table& table, std::string_view login, std::string_view domain) {
  return domains_of_login(table, login)(*canon::DomainName::parse(domain));
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
  const auto table = table_of(
      "# comment\n"
      "\n"
      "Alice@shop.example\tshop.example  News.example \r\n"
      "@shop.example shop.example\n"
      "  relay  *\n"
      "*@club.example club.example\n"
      "joe other.example");
  EXPECT_EQ(table->size(), 5U);
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
  const auto table = table_of("a@x.example x.example\n* y.example\n");
  EXPECT_TRUE(may_use(table, "", "y.example"));
  EXPECT_TRUE(may_use(table, "b@x.example", "y.example"));
  EXPECT_FALSE(may_use(table, "a@x.example", "y.example"));
}

TEST(LoginTable, ATestKeepsItsTable) {
  auto table = table_of("a b.example c.example");
  const auto test = domains_of_login(table, "a");
  table.reset();
  EXPECT_TRUE(test(*canon::DomainName::parse("c.example")));
  EXPECT_FALSE(test(*canon::DomainName::parse("d.example")));
}

TEST(LoginTable, NamesAreComparedInOneForm) {
  const auto table = table_of(
      "\xef\xbb\xbf"
      "Joe B\xc3\xbc"
      "cher.example. UPPER.example\n"
      "@b\xc3\xbc"
      "cher.example other.example\r\n");
  EXPECT_TRUE(may_use(table, "joe", "xn--bcher-kva.example")) << "the file begins with a byte order mark";
  EXPECT_TRUE(may_use(table, "JOE", "upper.example"));
  EXPECT_TRUE(may_use(table, "eva@xn--bcher-kva.example", "other.example"));
  EXPECT_TRUE(may_use(table,
                      "eva@B\xc3\xbc"
                      "cher.example",
                      "other.example"));
  EXPECT_FALSE(may_use(table,
                       "eva@b\xc3\x9c"
                       "cher.example.",
                       "none.example"));
}

// Looks like a longer word of the table only if it is one.
TEST(LoginTable, AWordIsNotTheBeginningOrEndOfAnother) {
  const auto table = table_of("joe shop.example\njoel myshop.example\n@a.example a.example\n");
  EXPECT_FALSE(may_use(table, "jo", "shop.example"));
  EXPECT_FALSE(may_use(table, "joe", "myshop.example"));
  EXPECT_FALSE(may_use(table, "joe", "p.example"));
  EXPECT_FALSE(may_use(table, "joel", "shop.example"));
  EXPECT_FALSE(may_use(table, "joe@aa.example", "a.example"));
  EXPECT_FALSE(may_use(table, "joe@", "a.example"));
}

TEST(LoginTable, EachOfManyLoginsHasItsOwn) {
  std::string text;
  constexpr int many = 20'000;
  for (int i = many; i-- > 0;)
    text += "user" + std::to_string(i) + "@d" + std::to_string(i) + ".example  z.example d" +
            std::to_string(i) + ".example\n";
  const auto table = table_of(text);
  EXPECT_EQ(table->size(), static_cast<std::size_t>(many));
  for (int i = 0; i < many; i += 7) {
    const auto number = std::to_string(i);
    const auto login = "user" + number + "@d" + number + ".example";
    ASSERT_TRUE(may_use(table, login, "mail.d" + number + ".example")) << i;
    ASSERT_TRUE(may_use(table, login, "z.example")) << i;
    ASSERT_FALSE(may_use(table, login, "d" + std::to_string(i + 1) + ".example")) << i;
  }
}

TEST(LoginTable, ALoginMayHaveManyDomains) {
  std::string text = "relay";
  for (int i = 0; i < 50'000; ++i)
    text += " d" + std::to_string(i) + ".example";
  const auto table = table_of(text + "\nboss a.example *");
  EXPECT_TRUE(may_use(table, "relay", "d49999.example"));
  EXPECT_TRUE(may_use(table, "relay", "d0.example"));
  EXPECT_FALSE(may_use(table, "relay", "d50000.example"));
  EXPECT_TRUE(may_use(table, "boss", "b.example"));
}

TEST(LoginTable, AnEmptyTableIsForNobody) {
  for (const auto* text : {"", "\n\n", "# only a comment", "\r\n \t\r\n", "\xef\xbb\xbf"})
    EXPECT_FALSE(may_use(table_of(text), "joe@a.example", "a.example"));
}

TEST(LoginTable, MistakesAreErrorsWithTheirLine) {
  const std::vector<std::pair<std::string, std::string>> mistakes = {
      {"a b.example\njoe\n", "logins:2: a login without a domain"},
      {"a b..example", "logins:1: the domain b..example is "},
      {"a localhost", "logins:1: the domain localhost is a name of one label"},
      {"a b.example\n\nA c.example", "logins:3: a login that line 1 has already"},
      {"@a.example b.example\n*@A.example c.example", "logins:2: a login that line 1 has already"},
      {std::string("a\0b c.example", 13), "logins:1: a login with a control character"},
      {std::string("a c.example\0", 12), "logins:1: the domain c.example\\x00 is "},
      {"a\x1b[2J c.example", "logins:1: a login with a control character"},
      {"a\vb c.example", "logins:1: a login with a control character"},
      // With the line ends of old Macs, everything would be the first login's.
      {"a b.example\rc.example d.example", "logins:1: the domain b.example\\x0dc.example is "},
      {"a\rb c.example", "logins:1: a login with a control character"},
      {"@ b.example", "logins:1: an @ without a domain"},
      {"*@ b.example", "logins:1: an @ without a domain"},
      {"joe*@a.example b.example", "logins:1: a pattern of logins"},
      {"*@*.example b.example", "logins:1: a pattern of logins"},
      {"** b.example", "logins:1: a pattern of logins"},
      {"a " + std::string(100'000, 'x'), "logins:1: the domain " + std::string(253, 'x') + "... is "}};
  for (const auto& [text, expected] : mistakes)
    EXPECT_EQ(refusal(text).substr(0, expected.size()), expected) << refusal(text).substr(0, 500);
  EXPECT_EQ(refusal(""), "");
}

TEST(LoginTable, TheNumberOfLoginsIsBounded) {
  std::string text;
  for (std::size_t i = 0; i < most_logins; ++i)
    text += std::to_string(i) + " a.example\n";
  EXPECT_EQ(refusal(text), "");
  EXPECT_EQ(refusal(text + "\n#\nx a.example").substr(0, 42), "logins:1000003: more than 1000000 logins; ");
}

class LoginTableFileTest : public testing::Test {
 protected:
  std::string refusal() const {
    try {
      read_login_table(path_);
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  }

  test::TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_.path() / "logins";
};

TEST_F(LoginTableFileTest, WhatIsNoTableIsRefusedAtOnce) {
  EXPECT_EQ(refusal(), "the table of logins " + path_.string() + " does not exist");
  std::filesystem::create_directory(path_);
  EXPECT_EQ(refusal(), path_.string() + " is not a regular file");
  std::filesystem::remove(path_);
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(refusal(), path_.string() + " is not a regular file") << "and nobody waited for a writer";
  std::filesystem::remove(path_);
  std::filesystem::create_symlink("/dev/zero", path_);
  EXPECT_EQ(refusal(), path_.string() + " is not a regular file");
  std::filesystem::remove(path_);
  test::write_file(path_, "a b.example\n", 0666);
  EXPECT_NE(refusal().find("fix it with: "), std::string::npos) << refusal();
  std::filesystem::remove(path_);
  test::write_file(path_, "", 0600);
  std::filesystem::resize_file(path_, most_login_table_bytes + 1);  // sparse
  EXPECT_EQ(refusal(), path_.string() + " is larger than the 67108864 bytes that it may have");
}

// The stamp proves nothing if the file may change in the clock's tick in which it was read. Reading a large
// table takes longer than that, so a clock read afterwards would always call it settled.
TEST_F(LoginTableFileTest, ATableThatHasJustChangedIsNotSettled) {
  std::string text;
  for (int i = 0; i < 400'000; ++i)
    text += std::to_string(i) + "@some-shop.example some-shop.example other-shop.example\n";
  bool settled = true;
  for (int tries = 0; tries < 20 && settled; ++tries) {
    test::write_file(path_.string() + ".new", text, 0600);
    std::filesystem::rename(path_.string() + ".new", path_);
    settled = read_login_table(path_).settled;
  }
  EXPECT_FALSE(settled);
}

}  // namespace
}  // namespace dkim::crypto
