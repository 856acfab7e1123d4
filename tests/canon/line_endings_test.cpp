// Tests canon/line_endings: from the milter protocol's LF to the wire's CRLF and back.
#include "canon/line_endings.hpp"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/body_reference.hpp"

namespace dkim::test {
namespace {

using canon::to_crlf;
using canon::to_lf;
using namespace std::string_literals;

TEST(LineEndings, to_crlf) {
  const struct {
    std::string text;
    std::string expected;
  } cases[] = {{"", ""},
               {"a", "a"},
               {" a\n b", " a\r\n b"},
               {"\n", "\r\n"},
               {"\n\n", "\r\n\r\n"},
               {"a\r\nb", "a\r\nb"},
               {"a\r\n\nb", "a\r\n\r\nb"},
               {"\r", "\r"},
               {"a\rb", "a\rb"},
               {"\r\r\n", "\r\r\n"},
               {"\0\n"s, "\0\r\n"s},
               {"\n\r", "\r\n\r"}};
  for (const auto& [text, expected] : cases)
    EXPECT_EQ(printable(to_crlf(text)), printable(expected)) << printable(text);
}

TEST(LineEndings, to_lf) {
  const struct {
    std::string text;
    std::string expected;
  } cases[] = {{"", ""},         {"a\r\n b\r\n\tc", "a\n b\n\tc"},
               {"\r\n", "\n"},   {"\r", "\r"},
               {"a\rb", "a\rb"}, {"\r\r\n", "\r\n"},
               {"\n", "\n"},     {"\r\n\r\n", "\n\n"},
               {"\n\r", "\n\r"}, {"\0\r\n"s, "\0\n"s}};
  for (const auto& [text, expected] : cases)
    EXPECT_EQ(printable(to_lf(text)), printable(expected)) << printable(text);
}

TEST(LineEndings, crlf_to_lf_and_back) {
  std::mt19937 random(822);
  for (std::size_t i = 0; i < 2000; ++i) {
    const std::string crlf = to_crlf(random_body(random, i % 100));
    ASSERT_EQ(printable(to_crlf(crlf)), printable(crlf));
    for (std::size_t at = crlf.find('\n'); at != std::string::npos; at = crlf.find('\n', at + 1))
      ASSERT_TRUE(at > 0 && crlf[at - 1] == '\r');
    // The round trip is exact, except for CR CR LF: to_lf makes it CR LF, which to_crlf keeps.
    if (crlf.find("\r\r\n") == std::string::npos) {
      ASSERT_EQ(printable(to_crlf(to_lf(crlf))), printable(crlf));
    }
  }
}

}  // namespace
}  // namespace dkim::test
