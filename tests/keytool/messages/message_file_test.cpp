#include "keytool/messages/message_file.hpp"

#include <gtest/gtest.h>

#include <random>

namespace dkim::keytool {
namespace {

// Returns "name|value" of each field, with its folds.
std::vector<std::string> fields_of(const MessageFile& message) {
  std::vector<std::string> out;
  for (const auto& field : message.fields())
    out.push_back(field.name + "|" + field.value);
  return out;
}

using Fields = std::vector<std::string>;

TEST(MessageFileTest, FoldsBecomeCrlfWhateverTheFileHas) {
  const MessageFile lf("A: x\n y\n\tz\nB:\n\nbody\n");
  EXPECT_EQ(fields_of(lf), (Fields{"A| x\r\n y\r\n\tz", "B|"}));
  EXPECT_EQ(lf.header(), "A: x\n y\n\tz\nB:\n");
  EXPECT_EQ(lf.rest(), "\nbody\n");
  EXPECT_EQ(lf.body(), "body\n");
  EXPECT_EQ(lf.line_end(), "\n");

  const MessageFile crlf("A: x\r\n y\r\nB:\r\n\r\nbody\r\n");
  EXPECT_EQ(fields_of(crlf), (Fields{"A| x\r\n y", "B|"}));
  EXPECT_EQ(crlf.body(), "body\r\n");
  EXPECT_EQ(crlf.line_end(), "\r\n");
}

TEST(MessageFileTest, HeaderOnly) {
  for (const auto* text : {"A: x", "A: x\n", "A: x\r\n", "A: x\n\n"}) {
    const MessageFile message(text);
    EXPECT_EQ(fields_of(message), Fields{"A| x"}) << text;
    EXPECT_EQ(message.body(), "") << text;
    EXPECT_EQ(message.stray_line(), 0U) << text;
  }
}

TEST(MessageFileTest, OddFields) {
  EXPECT_EQ(fields_of(MessageFile("A:x\nB :\ty\nC\t :\n z\nD::\n")),
            (Fields{"A|x", "B |\ty", "C\t |\r\n z", "D|:"}));
  // A line of white space continues the field before it; a lone CR is an ordinary byte.
  EXPECT_EQ(fields_of(MessageFile("A: x\n \t\nB: a\rb\n")), (Fields{"A| x\r\n \t", "B| a\rb"}));
  const MessageFile nul(std::string("A: \0\n", 5));
  EXPECT_EQ(nul.fields().front().value, std::string(" \0", 2));
}

// As in Postfix, a line that is neither a field nor empty is the first line of the body.
TEST(MessageFileTest, AStrayLineEndsTheHeader) {
  for (const auto* stray : {"no field", "no field: x", "\xc3\xa4: x", ": x", "no\x01: x", ">From a"}) {
    const std::string body = std::string(stray) + "\nB: y\n\nbody\n";
    const MessageFile message("A: x\n" + body);
    EXPECT_EQ(fields_of(message), Fields{"A| x"}) << stray;
    EXPECT_EQ(message.stray_line(), 2U) << stray;
    EXPECT_EQ(message.body(), body) << stray;
    EXPECT_EQ(message.rest(), body) << stray;
  }
  // White space on the first line continues nothing.
  EXPECT_EQ(MessageFile(" A: x\n").stray_line(), 1U);
}

TEST(MessageFileTest, TheFromLineOfAnMboxIsDropped) {
  const MessageFile message("From a@b Tue Nov 24 06:00:00 2026\nA: x\nstray\n");
  EXPECT_EQ(fields_of(message), Fields{"A| x"});
  EXPECT_EQ(message.header(), "A: x\n");
  EXPECT_EQ(message.stray_line(), 3U);
}

TEST(MessageFileTest, NoHeader) {
  for (const auto* text : {"", "\n", "\r\n", "\nA: x\n"})
    EXPECT_TRUE(MessageFile(text).fields().empty()) << text;
  EXPECT_EQ(MessageFile("\r\nbody").body(), "body");
}

// Whatever the bytes, header and rest are the message except for an mbox line, and fields have line ends only
// in folds.
TEST(MessageFileTest, AnyBytes) {
  std::mt19937 random(20261124);
  constexpr std::string_view bytes("A: \t\r\n\0\xc3\xa4", 9);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (auto size = random() % 24; size > 0; --size)
      text += bytes[random() % bytes.size()];
    const MessageFile message(text);
    ASSERT_EQ(std::string(message.header()) + std::string(message.rest()), text);
    ASSERT_TRUE(message.rest().ends_with(message.body()));
    for (const auto& field : message.fields()) {
      for (std::size_t at = field.value.find('\n'); at != std::string::npos;
           at = field.value.find('\n', at + 1)) {
        ASSERT_TRUE(at > 0 && field.value[at - 1] == '\r');
        ASSERT_TRUE(at + 1 < field.value.size() &&
                    (field.value[at + 1] == ' ' || field.value[at + 1] == '\t'));
      }
    }
  }
}

}  // namespace
}  // namespace dkim::keytool
