// Tests canon/canonicalization: the c= tag.
#include "canon/canonicalization.hpp"

#include <gtest/gtest.h>

namespace dkim::test {
namespace {

using canon::Canonicalization;
using canon::CanonicalizationPair;
using canon::parse_canonicalization;

constexpr auto simple = Canonicalization::simple;
constexpr auto relaxed = Canonicalization::relaxed;

TEST(CanonicalizationTag, every_pair_reads_back_as_it_was_written) {
  for (const auto header : {simple, relaxed}) {
    for (const auto body : {simple, relaxed}) {
      const CanonicalizationPair pair{header, body};
      const auto parsed = parse_canonicalization(canon::to_string(pair));
      ASSERT_TRUE(parsed);
      EXPECT_EQ(*parsed, pair);
    }
  }
  EXPECT_EQ(canon::to_string({relaxed, simple}), "relaxed/simple");
}

TEST(CanonicalizationTag, one_word_is_for_the_header_and_the_body_is_simple) {
  EXPECT_EQ(*parse_canonicalization("relaxed"), (CanonicalizationPair{relaxed, simple}));
  EXPECT_EQ(*parse_canonicalization("simple"), (CanonicalizationPair{simple, simple}));
}

TEST(CanonicalizationTag, refusals_name_the_byte) {
  const struct {
    const char* text;
    std::size_t octet;
  } cases[] = {{"", 0},
               {"/", 0},
               {"nofws", 0},
               {"Relaxed", 0},
               {"relaxed ", 0},
               {"/simple", 0},
               {"relaxed/", 8},
               {"simple/nowsp", 7},
               {"simple/ relaxed", 7},
               {"relaxed/relaxed/relaxed", 8},
               {"relaxed/simple ", 8}};
  for (const auto& [text, octet] : cases) {
    const auto parsed = parse_canonicalization(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.refusal().byte, octet) << text;
    EXPECT_FALSE(parsed.refusal().reason.empty());
  }
}

}  // namespace
}  // namespace dkim::test
