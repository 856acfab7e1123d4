#include "crypto/settings/signing_settings.hpp"

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
  EXPECT_EQ(settings.key_directory, default_key_directory);
  EXPECT_EQ(to_string(settings.canonicalization), "relaxed/relaxed");
  EXPECT_EQ(settings.expiration.count(), 0);
  EXPECT_TRUE(settings.rules.empty());
  EXPECT_TRUE(settings.fields.is_signed("from"));
}

TEST(SigningSettingsTest, Values) {
  const auto settings = read(
      "key_directory = \"/keys\"; canonicalization = \"simple/relaxed\"; expiration = 3600;\n"
      "signed_headers = (\"+X-Mine\"); oversigned_headers = (\"From\", \"X-Mine\");\n"
      "rules = ( { sender = \"*@News.Example.com\"; domain = \"Example.COM\"; selectors = (\"A\"); } );");
  EXPECT_EQ(settings.key_directory, "/keys");
  EXPECT_EQ(to_string(settings.canonicalization), "simple/relaxed");
  EXPECT_EQ(settings.expiration.count(), 3600);
  EXPECT_TRUE(settings.fields.is_signed("x-mine"));
  ASSERT_EQ(settings.fields.oversigned().size(), 2U);
  EXPECT_EQ(to_string(settings.fields.oversigned()[0]), "From");
  EXPECT_EQ(to_string(settings.fields.oversigned()[1]), "X-Mine");
  ASSERT_EQ(settings.rules.size(), 1U);
  EXPECT_EQ(settings.rules[0].sender, "*@news.example.com");
  EXPECT_EQ(settings.rules[0].domain->str(), "example.com");
  EXPECT_EQ(settings.rules[0].selectors.at(0).str(), "a");
}

// This is how Postfix's tables write a domain.
TEST(SigningSettingsTest, ADomainAloneStandsForAllItsSenders) {
  const auto settings = read("rules = ( { sender = \"@Example.com\"; sign = false; } );");
  EXPECT_EQ(settings.rules.at(0).sender, "*@example.com");
}

TEST(SigningSettingsTest, SendersAreComparedInALabels) {
  const auto settings = read(
      "rules = ( { sender = \"*@*.b\xc3\xbc"
      "cher.example\"; sign = false; } );");
  EXPECT_EQ(settings.rules.at(0).sender, "*@*.xn--bcher-kva.example");
}

TEST(SigningSettingsTest, SendersThatCannotMatchAreRefused) {
  for (const std::string sender :
       {"", "example.com", "<a@example.com>", "a@b@example.com", "*@", "@", " a@example.com",
        "a@example.com ", "john doe@example.com", "*@.example.com", "*@example.com.", "a@exa mple.com",
        "a@-x.example", "a@x..example"}) {
    const auto said = refusal("rules = (\n{ sender = \"" + sender + "\"; sign = false; } );");
    EXPECT_TRUE(said.starts_with("test.conf:2: \"sender\" is ")) << sender << ": " << said;
  }
}

TEST(SigningSettingsTest, RulesThatNeverApplyAreRefused) {
  const auto pair = [](const std::string& first, const std::string& second) {
    return "rules = ( { sender = \"" + first + "\"; sign = false; },\n{ sender = \"" + second +
           "\"; sign = false; } );";
  };
  const std::vector<std::pair<std::string, std::string>> shadowed = {
      {"*", "a@example.com"},
      {"*", "*"},
      {"*@example.com", "a@example.com"},
      {"@example.com", "*@EXAMPLE.com"},
      {"*@*.example.com", "a*@b.*.example.com"}};
  for (const auto& [first, second] : shadowed) {
    EXPECT_TRUE(refusal(pair(first, second)).starts_with("test.conf:2: a rule that never applies: rule 1"))
        << first << ", " << second << ": " << refusal(pair(first, second));
  }
  const std::vector<std::pair<std::string, std::string>> asked = {{"a@example.com", "*@example.com"},
                                                                  {"*@example.com", "*@*.example.com"},
                                                                  {"*@*.example.com", "*@example.com"},
                                                                  {"a*@example.com", "*a@example.com"}};
  for (const auto& [first, second] : asked)
    EXPECT_EQ(read(pair(first, second)).rules.size(), 2U) << first << ", " << second;
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
      {"rules = (\n{ sender = \"nobody\"; domain = \"a.example\"; } );",
       "test.conf:2: \"sender\" is without an @"},
      {"rules = ( { sender = \"*\"; domain = \"a..example\"; } );",
       "test.conf:1: \"domain\" is an empty label"},
      {"rules = ( { sender = \"*\"; } );", "test.conf:1: \"domain\" is missing"},
      {"rules = (\n{ sender = \"*\"; sign = false; domain = \"a.example\"; } );",
       "test.conf:2: a rule with sign = false and a domain"},
      {"rules = ( { sender = \"*\"; sign = true; } );", "test.conf:1: \"domain\" is missing"},
      {"also_sign = (\n{ sender = \"*\"; } );", "test.conf:2: \"domain\" is missing"},
      {"also_sign = ( { sender = \"*\"; sign = false; } );", "test.conf:1: \"domain\" is missing"},
      {"also_sign = ( { sender = \"*\"; domain = \"a.example\"; sign = false; } );",
       "test.conf:1: unknown setting \"sign\""},
      {"also_sign = ( { sender = \"*\"; domain = \"a.example\"; },\n{ sender = \"*\"; domain = "
       "\"A.example\"; } );",
       "test.conf:2: an entry that is listed twice"},
      {"rules = ( { domain = \"a.example\"; } );", "test.conf:1: \"sender\" is missing"},
      {"rules = ( { sender = \"*\"; domain = \"a.example\"; selectors = (\"-\"); } );",
       "test.conf:1: the selector is"},
      {"expiration = 5;", "test.conf:1: \"expiration\" is 5; 0 for none, or at least 300 seconds"},
      {"rules = ( { sender = \"*\"; domain = \"localhost\"; } );",
       "test.conf:1: \"domain\" is a name of one label"},
      {"rules = ( { sender = \"*\"; domain = \"a@b.example\"; } );",
       "test.conf:1: \"domain\" is an address; give the domain alone: b.example"},
      {"rules = ( { sender = \"*\"; domain = \"a.example\"; selectors = (\"mail._domainkey\"); } );",
       "test.conf:1: the selector is the name of a record; give the selector alone: mail"},
      {"rules = ( { sender = \"*\"; domain = \"a.example\"; selectors = (); } );",
       "test.conf:1: \"selectors\" is empty"},
      {"rules = ( { sender = \"*\"; domain = \"a.example\";\nselector = \"x\"; } );",
       "test.conf:2: unknown setting"}};
  for (const auto& [text, expected] : cases)
    EXPECT_TRUE(refusal(text).starts_with(expected)) << text << "\n" << refusal(text);
}

}  // namespace
}  // namespace dkim::crypto
