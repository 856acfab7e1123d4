// Tests canon/mailbox on input that is made to exhaust it. No test asserts a time: at these sizes, anything
// but linear time would hang, and recursion would overrun the stack.
#include <gtest/gtest.h>

#include "canon/mailbox.hpp"

namespace dkim::test {
namespace {

using canon::parse_mailboxes;

constexpr std::size_t mebibyte = 1'048'576;

std::string repeated(std::string_view piece, std::size_t times) {
  std::string out;
  out.reserve(piece.size() * times);
  for (std::size_t i = 0; i < times; ++i)
    out += piece;
  return out;
}

TEST(MailboxLimits, comments_nested_a_hundred_thousand_deep) {
  const std::string open(100'000, '(');
  const std::string close(100'000, ')');
  const auto found = parse_mailboxes(open + close + "a@" + open + close + "b.example" + open + close);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().domain, "b.example");
  EXPECT_FALSE(parse_mailboxes(open + close.substr(1) + "a@b.example"));
  EXPECT_FALSE(parse_mailboxes(open + close + ")a@b.example"));
}

TEST(MailboxLimits, a_mebibyte_of_each_byte) {
  for (int octet = 0; octet < 256; ++octet) {
    const std::string run(mebibyte, static_cast<char>(octet));
    EXPECT_FALSE(parse_mailboxes(run)) << octet;
    // Separators and white space before an address have no effect; otherwise only a phrase may precede it.
    const bool nothing = octet == ',' || octet == ' ' || octet == '\t' || octet == '\r' || octet == '\n';
    const auto found = parse_mailboxes(run + " <a@b.example>");
    const bool phrase = octet == '.' || octet == '!' || (octet >= '#' && octet <= '\'') || octet == '*' ||
                        octet == '+' || octet == '-' || octet == '/' || (octet >= '0' && octet <= '9') ||
                        octet == '=' || octet == '?' || (octet >= 'A' && octet <= 'Z') ||
                        (octet >= '^' && octet <= '~') || octet >= 0x80 || octet == '"';
    EXPECT_EQ(static_cast<bool>(found), nothing || phrase) << octet;
  }
}

TEST(MailboxLimits, repeated_pieces) {
  for (const std::string_view piece :
       {"()",     "(",     "(()",    "a@b,", "a@b",    "a:;,", "a:",   "<@a,", "<@a:", "a.",
        "\"a\".", "\"\"",  "\\",     "[",    "]",      "a@[",  "a@[]", "@a,",  "<",    "<>",
        " ,",     "\r\n ", "a\r\n ", "(\\)", "\"\\\"", ";",    "a@b;", "a b ", ":;"}) {
    const std::string run = repeated(piece, mebibyte / piece.size());
    for (const auto& text : {run, "<" + run, "<a@" + run + ">", "g:" + run + ";", "(" + run, "\"" + run}) {
      const auto found = parse_mailboxes(text);
      if (!found) {
        EXPECT_LE(found.refusal().byte, text.size()) << text.substr(0, 10);
      }
    }
  }
}

TEST(MailboxLimits, a_hundred_thousand_mailboxes) {
  const auto found = parse_mailboxes(repeated("A B <a@b.example>, ", 100'000));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), 100'000U);
}

TEST(MailboxLimits, a_megabyte_of_local_part_and_domain) {
  const std::string local = repeated("a.", 500'000) + "a";
  const auto found = parse_mailboxes(local + "@" + local);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->front().local_part, local);
  EXPECT_EQ(found->front().domain, local);
}

}  // namespace
}  // namespace dkim::test
