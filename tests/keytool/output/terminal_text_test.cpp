#include "keytool/output/terminal_text.hpp"

#include <gtest/gtest.h>

namespace dkim::keytool {
namespace {

TEST(TerminalTextTest, PlainTextAndUtf8StayAsTheyAre) {
  for (const auto* text :
       {"", "plain text \\ \"quoted\"", "m\xc3\xbcller", "\xe2\x82\xac", "\xf0\x9f\x93\xa7", "\xed\x9f\xbf",
        "\xef\xbf\xbd", "\xf4\x8f\xbf\xbf", "\xc2\xa0"})
    EXPECT_EQ(terminal_text(text), text);
}

TEST(TerminalTextTest, ControlCharacters) {
  EXPECT_EQ(terminal_text(std::string("a\0b\n\r\t\x1b[31m\x7f", 12)), "a\\x00b\\x0a\\x0d\\x09\\x1b[31m\\x7f");
  EXPECT_EQ(terminal_text("\xc2\x80\xc2\x9b\xc2\x9f"), "\\xc2\\x80\\xc2\\x9b\\xc2\\x9f");
}

// RFC 3629 §4 excludes overlong forms, surrogates, values beyond U+10FFFF and lone or missing continuation
// bytes.
TEST(TerminalTextTest, BytesThatAreNotUtf8) {
  EXPECT_EQ(terminal_text("\x80"), "\\x80");
  EXPECT_EQ(terminal_text("\xc0\xaf"), "\\xc0\\xaf");
  EXPECT_EQ(terminal_text("\xe0\x9f\xbf"), "\\xe0\\x9f\\xbf");
  EXPECT_EQ(terminal_text("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(terminal_text("\xf0\x8f\xbf\xbf"), "\\xf0\\x8f\\xbf\\xbf");
  EXPECT_EQ(terminal_text("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(terminal_text("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");
  EXPECT_EQ(terminal_text("\xe2\x82"), "\\xe2\\x82");
  EXPECT_EQ(terminal_text("\xe2\x82x"), "\\xe2\\x82x");
  EXPECT_EQ(terminal_text("\xff\xc3\xa4"), "\\xff\xc3\xa4");
}

}  // namespace
}  // namespace dkim::keytool
