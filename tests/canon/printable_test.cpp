// Tests canon/printable: what may go to a log or a terminal.
#include "canon/printable.hpp"

#include <gtest/gtest.h>

namespace dkim::test {
namespace {

using canon::printable;
using canon::printable_word;
using namespace std::string_literals;

TEST(Printable, escapes_all_but_plain_text) {
  EXPECT_EQ(printable("plain text, ~!"), "plain text, ~!");
  EXPECT_EQ(printable("a\r\nb\t\0\x1b[2J"s), "a\\x0d\\x0ab\\x09\\x00\\x1b[2J");
  EXPECT_EQ(printable("\x7f\xc3\xa4\xff"), "\\x7f\\xc3\\xa4\\xff");
  EXPECT_EQ(printable(""), "");
  EXPECT_EQ(printable_word("two words"), "two\\x20words");
}

// "\x0a" in the input must not look like a byte that was escaped.
TEST(Printable, a_backslash_is_escaped_too) {
  EXPECT_EQ(printable("\\x0a"), "\\\\x0a");
  EXPECT_EQ(printable_word("\\"), "\\\\");
}

TEST(Printable, every_byte_becomes_plain_text) {
  for (int octet = 0; octet < 256; ++octet) {
    const std::string text(1, static_cast<char>(octet));
    for (const auto& out : {printable(text), printable_word(text)}) {
      ASSERT_FALSE(out.empty());
      for (const char c : out)
        EXPECT_TRUE(c >= ' ' && c < 0x7f) << octet;
    }
    EXPECT_EQ(printable_word(text).find(' '), std::string::npos);
    EXPECT_EQ(printable(text) == text, octet >= ' ' && octet < 0x7f && octet != '\\') << octet;
  }
}

TEST(Printable, long_text_is_cut_and_says_so) {
  EXPECT_EQ(printable(std::string(512, 'a')), std::string(512, 'a'));
  EXPECT_EQ(printable(std::string(513, 'a')), std::string(512, 'a') + "...");
  EXPECT_EQ(printable("abc", 2), "ab...");
  EXPECT_EQ(printable("\n\n\n", 2), "\\x0a\\x0a...");
  EXPECT_LE(printable(std::string(10'000'000, '\n')).size(), 512U * 4 + 3);
}

}  // namespace
}  // namespace dkim::test
