#include "crypto/signing_settings.hpp"

#include <gtest/gtest.h>

#include "crypto/error.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::crypto {
namespace {

SigningSettings read(std::string_view text) {
  const auto file = SettingsFile::parse(text, "test.conf");
  auto root = file.root();
  return read_signing_settings(root);
}

std::string refusal(std::string_view text) {
  return test::message_of<SettingsError>([&] { read(text); });
}

TEST(SigningSettingsTest, TheEmptyFileIsValid) {
  const auto settings = read("");
  EXPECT_EQ(settings.key_directory, "/etc/dkimsignd/keys");
  EXPECT_EQ(to_string(settings.canonicalization), "relaxed/relaxed");
  EXPECT_EQ(settings.expiration.count(), 0);
  EXPECT_TRUE(settings.rules.empty());
  EXPECT_TRUE(settings.fields.is_signed("from"));
}

TEST(SigningSettingsTest, Values) {
  const auto settings = read(
      "key_directory = \"/keys\"; canonicalization = \"simple/relaxed\"; expiration = 60;\n"
      "signed_headers = (\"+X-Mine\"); oversigned_headers = (\"From\", \"X-Mine\");\n"
      "rules = ( { sender = \"*@News.Example.com\"; domain = \"Example.COM\"; selectors = (\"A\"); } );");
  EXPECT_EQ(settings.key_directory, "/keys");
  EXPECT_EQ(to_string(settings.canonicalization), "simple/relaxed");
  EXPECT_EQ(settings.expiration.count(), 60);
  EXPECT_TRUE(settings.fields.is_signed("x-mine"));
  EXPECT_EQ(settings.fields.oversigned(), (std::vector<std::string>{"From", "X-Mine"}));
  ASSERT_EQ(settings.rules.size(), 1U);
  EXPECT_EQ(settings.rules[0].sender, "*@news.example.com");
  EXPECT_EQ(settings.rules[0].domain->str(), "example.com");
  EXPECT_EQ(settings.rules[0].selectors.at(0).str(), "a");
}

TEST(SigningSettingsTest, ErrorsNameThePlace) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"\nkey_directory = \"keys\";",
       "test.conf:2: \"key_directory\" is not an absolute path; it must begin with /"},
      {"canonicalization = \"fancy\";",
       "test.conf:1: \"canonicalization\" is unknown; relaxed/relaxed, relaxed/simple, "},
      {"expiration = -1;", "test.conf:1: \"expiration\" is -1; it must be a whole number from 0 to "},
      {"signed_headers = (\"+A\",\n\"B\");",
       "test.conf:2: signed_headers: names with + or - change the default list"},
      {"signed_headers = (\"-From\");", "test.conf:1: signed_headers: From is always signed"},
      {"signed_headers = (\"a b\");", "test.conf:1: signed_headers: not a header field name"},
      {"oversigned_headers = (\"DKIM-Signature\");",
       "test.conf:1: oversigned_headers: DKIM-Signature cannot be"},
      {"rules = (\n{ sender = \"nobody\"; domain = \"a.example\"; } );", "test.conf:2: \"sender\" has no @"},
      {"rules = ( { sender = \"*\"; domain = \"a..example\"; } );",
       "test.conf:1: \"domain\" is an empty label"},
      {"rules = ( { sender = \"*\"; } );", "test.conf:1: \"domain\" is missing"},
      {"rules = (\n{ sender = \"*\"; sign = false; domain = \"a.example\"; } );",
       "test.conf:2: a rule with sign = false and a domain"},
      {"rules = ( { sender = \"*\"; sign = true; } );", "test.conf:1: \"domain\" is missing"},
      {"rules = ( { domain = \"a.example\"; } );", "test.conf:1: \"sender\" is missing"},
      {"rules = ( { sender = \"*\"; domain = \"a.example\"; selectors = (\"-\"); } );",
       "test.conf:1: the selector is"},
      {"rules = ( { sender = \"*\"; domain = \"a.example\";\nselector = \"x\"; } );",
       "test.conf:2: unknown setting"}};
  for (const auto& [text, expected] : cases)
    EXPECT_TRUE(refusal(text).starts_with(expected)) << text << "\n" << refusal(text);
}

}  // namespace
}  // namespace dkim::crypto
