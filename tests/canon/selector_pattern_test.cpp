#include "canon/selector_pattern.hpp"

#include <gtest/gtest.h>

namespace dkim::test {
namespace {

using canon::SelectorPattern;
using namespace std::chrono_literals;

constexpr auto day = 2026y / 2 / 3;

std::string filled(std::string_view pattern) {
  return SelectorPattern::parse(pattern)->fill({"server", "rsa", day});
}

TEST(SelectorPattern, FillsInItsPlaces) {
  EXPECT_EQ(filled("%stem%-%date%"), "server-20260203");
  EXPECT_EQ(filled("%year%.%month%.%day%"), "2026.02.03");
  EXPECT_EQ(filled("K%algorithm%%stem%"), "krsaserver");
  EXPECT_EQ(filled("fixed"), "fixed");
}

TEST(SelectorPattern, RefusesWhatMakesNoSelector) {
  const auto refusal = [](std::string_view pattern) { return SelectorPattern::parse(pattern).refusal(); };
  EXPECT_EQ(refusal("s%year").reason, "a % without another one after it");
  EXPECT_EQ(refusal("s%year").byte, 1U);
  EXPECT_TRUE(refusal("s-%Year%").reason.starts_with("a place other than %stem%"));
  EXPECT_TRUE(refusal("100%%").reason.starts_with("a place other than %stem%"));
  EXPECT_EQ(refusal("%stem%%stem%").reason, "a second %stem%");
  EXPECT_EQ(refusal("").reason, "it makes an empty name");
  EXPECT_EQ(refusal("-%stem%").reason, "it makes a label that begins or ends with -");
  EXPECT_EQ(refusal("%stem%/%date%").reason, "it makes a byte other than letters, digits, - and _");
  EXPECT_EQ(refusal(std::string(64, 'a')).reason, "it makes a label longer than 63 bytes");
}

// A longer stem is shortened.
TEST(SelectorPattern, NeedsRoomForAStemOfOneByte) {
  EXPECT_TRUE(SelectorPattern::parse(std::string(53, 'a') + "-%stem%%date%"));
  EXPECT_FALSE(SelectorPattern::parse(std::string(54, 'a') + "-%stem%%date%"));
}

TEST(SelectorPattern, LettersOfADayAreFew) {
  EXPECT_EQ(canon::without_day_letters("20260203b"), "20260203");
  EXPECT_EQ(canon::without_day_letters("20260203zz"), "20260203");
  for (const auto* whole : {"20260203", "20260203mail", "20260203key", "20260203a", ""})
    EXPECT_EQ(canon::without_day_letters(whole), whole);
}

TEST(SelectorPattern, FindsTheStemAgain) {
  const auto stem = [](std::string_view pattern, std::string_view selector) {
    return SelectorPattern::parse(pattern)->stem_of(selector, "rsa").value_or("-none-");
  };
  EXPECT_EQ(stem("%stem%-%date%", "server-20250101"), "server");
  EXPECT_EQ(stem("%stem%-%date%", "server-20250101bc"), "server");
  EXPECT_EQ(stem("%stem%-%date%", "server-2025010"), "-none-");
  EXPECT_EQ(stem("%stem%-%date%", "20250101"), "-none-");
  EXPECT_EQ(stem("k%year%-%stem%", "k2025-server"), "server");
  EXPECT_EQ(stem("k%year%-%stem%", "server"), "-none-");
  EXPECT_EQ(stem("k%year%", "k2025"), "");
  EXPECT_EQ(stem("k%year%", "k2025-x"), "-none-");
  // Other digits are no date.
  EXPECT_EQ(stem("%stem%%year%%month%", "server-20260528"), "-none-");
  EXPECT_EQ(stem("%stem%%date%", "s20261301"), "-none-");
  EXPECT_EQ(stem("%stem%%date%", "s20261232"), "-none-");
  EXPECT_EQ(stem("%stem%%month%", "s00"), "-none-");
  EXPECT_EQ(stem("%stem%%month%", "s12"), "s");
  EXPECT_EQ(stem("%stem%.%day%", "s.31"), "s");
  EXPECT_EQ(stem("%stem%.%day%", "s.00"), "-none-");
  EXPECT_EQ(stem("%algorithm%.%stem%", "rsa.s"), "s");
  EXPECT_EQ(stem("%algorithm%.%stem%", "ed25519.s"), "-none-");
}

}  // namespace
}  // namespace dkim::test
