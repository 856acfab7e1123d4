// Tests canon/text: byte classes, trimming, wildcards.
#include "canon/text.hpp"

#include <gtest/gtest.h>

#include <random>

namespace dkim::test {
namespace {

using canon::matches_wildcard;
using namespace std::string_literals;

TEST(Text, byte_classes) {
  for (int octet = 0; octet < 256; ++octet) {
    const char c = static_cast<char>(octet);
    const bool upper = octet >= 'A' && octet <= 'Z';
    const bool lower = octet >= 'a' && octet <= 'z';
    const bool digit = octet >= '0' && octet <= '9';
    EXPECT_EQ(canon::is_wsp(c), octet == 0x20 || octet == 0x09) << octet;
    EXPECT_EQ(canon::is_fws(c), octet == 0x20 || octet == 0x09 || octet == 0x0d || octet == 0x0a) << octet;
    EXPECT_EQ(canon::is_digit(c), digit) << octet;
    EXPECT_EQ(canon::is_alpha(c), upper || lower) << octet;
    EXPECT_EQ(canon::is_alnum(c), upper || lower || digit) << octet;
    EXPECT_EQ(canon::is_ascii(c), octet < 128) << octet;
    EXPECT_EQ(canon::is_control(c), octet < 32 || octet == 127) << octet;
    EXPECT_EQ(canon::to_lower(c), upper ? static_cast<char>(octet + 32) : c) << octet;
  }
}

TEST(Text, case_is_ignored_in_ascii_only) {
  EXPECT_EQ(canon::lower_case("ABCxyz-\xc3\x84"), "abcxyz-\xc3\x84");
  EXPECT_TRUE(canon::equal_ignoring_case("From", "fROM"));
  EXPECT_FALSE(canon::equal_ignoring_case("From", "Fro"));
  EXPECT_FALSE(canon::equal_ignoring_case("Fro", "From"));
  EXPECT_FALSE(canon::equal_ignoring_case("[", "{"));
  EXPECT_FALSE(canon::equal_ignoring_case("\xc3\x84", "\xc3\xa4"));
  EXPECT_TRUE(canon::equal_ignoring_case("", ""));
}

TEST(Text, trimming) {
  EXPECT_EQ(canon::trim_fws(" \t\r\n a b \r\n\t "), "a b");
  EXPECT_EQ(canon::trim_fws(" \r\n"), "");
  EXPECT_EQ(canon::trim_fws(""), "");
  EXPECT_EQ(canon::trim_fws("\v a \f"), "\v a \f");
  EXPECT_EQ(canon::without_fws(" a\r\n\tb c\t"), "abc");
  EXPECT_EQ(canon::without_fws(""), "");
}

TEST(Text, wildcards) {
  const struct {
    std::string_view pattern;
    std::string_view text;
    bool matches;
  } cases[] = {
      {"", "", true},
      {"", "a", false},
      {"a", "", false},
      {"*", "", true},
      {"*", "anything", true},
      {"***", "", true},
      {"a*", "a", true},
      {"*a", "ba", true},
      {"*a", "ab", false},
      {"a*b*c", "aXbYc", true},
      {"a*b*c", "abc", true},
      {"a*b*c", "acb", false},
      {"*ab", "aab", true},
      {"*ab*ab", "abab", true},
      {"*ab*ab", "aab", false},
      {"*@news.example.com", "a@news.example.com", true},
      {"*@news.example.com", "a@news.example.com.evil.example", false},
      {"*@news.example.com", "@news.example.com", true},
      {"alerts@*.example.com", "alerts@a.b.example.com", true},
      {"alerts@*.example.com", "alerts@example.com", false},
      {"A", "a", false},
      {"a?c", "abc", false},
      {"a?c", "a?c", true},
  };
  for (const auto& [pattern, text, matches] : cases)
    EXPECT_EQ(matches_wildcard(pattern, text), matches) << pattern << " on " << text;
}

// Follows the definition, slowly: * matches any number of bytes.
bool matches_slowly(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() != '*')
    return !text.empty() && text.front() == pattern.front() &&
           matches_slowly(pattern.substr(1), text.substr(1));
  for (std::size_t n = 0; n <= text.size(); ++n) {
    if (matches_slowly(pattern.substr(1), text.substr(n))) return true;
  }
  return false;
}

TEST(Text, wildcards_match_as_defined) {
  std::mt19937 random(7);
  std::uniform_int_distribution<int> any(0, 2);
  int matched = 0;
  for (std::size_t i = 0; i < 20'000; ++i) {
    std::string pattern;
    std::string text;
    for (std::size_t n = 0; n < i % 9; ++n)
      pattern += "ab*"[any(random)];
    for (std::size_t n = 0; n < i % 11; ++n)
      text += "aab"[any(random)];
    const bool expected = matches_slowly(pattern, text);
    matched += expected ? 1 : 0;
    ASSERT_EQ(matches_wildcard(pattern, text), expected) << pattern << " on " << text;
  }
  EXPECT_GT(matched, 1000);
}

TEST(Text, HexDigitsOfEitherCaseHaveAValue) {
  EXPECT_EQ(canon::hex_digit('0'), 0U);
  EXPECT_EQ(canon::hex_digit('9'), 9U);
  EXPECT_EQ(canon::hex_digit('a'), 10U);
  EXPECT_EQ(canon::hex_digit('F'), 15U);
  for (const char c : {'/', ':', '@', 'G', '`', 'g', '\0', '\xff'})
    EXPECT_FALSE(canon::hex_digit(c)) << c;
}

TEST(Text, a_wildcard_pattern_made_to_be_slow) {
  std::string pattern;
  for (int i = 0; i < 100; ++i)
    pattern += "a*";
  EXPECT_FALSE(matches_wildcard(pattern + "b", std::string(100'000, 'a')));
}

}  // namespace
}  // namespace dkim::test
