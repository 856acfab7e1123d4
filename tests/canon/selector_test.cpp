#include "canon/selector.hpp"

#include <gtest/gtest.h>

namespace dkim::test {
namespace {

using canon::Selector;
using namespace std::string_literals;

TEST(Selector, is_read_in_lower_case) {
  EXPECT_EQ(Selector::parse("server")->str(), "server");
  EXPECT_EQ(Selector::parse("Server-20261124B")->str(), "server-20261124b");
  EXPECT_EQ(Selector::parse("jun2005.eng")->str(), "jun2005.eng");
  EXPECT_EQ(Selector::parse("2026_a")->str(), "2026_a");
}

// A selector becomes part of a file name.
TEST(Selector, refuses_anything_but_labels) {
  for (const auto& text :
       {""s, "."s, ".."s, ".lock"s, "a."s, "../../etc/passwd"s, "a/b"s, "/a"s, "a\0b"s, "a b"s, "-a"s, "a-"s,
        "s\xc3\xa9l"s, "a;b"s, "a\nb"s, "*"s, std::string(64, 'a')}) {
    EXPECT_FALSE(Selector::parse(text)) << text;
  }
}

// SELECTOR._domainkey.DOMAIN must fit into 253 bytes, and SELECTOR.private into the 255 of a file name.
TEST(Selector, leaves_room_for_the_rest_of_a_records_name) {
  const std::string label(59, 'a');
  const std::string longest = label + "." + label + "." + label + "." + label + "a";
  ASSERT_EQ(longest.size(), 240U);
  EXPECT_TRUE(Selector::parse(longest));
  const auto longer = Selector::parse(longest + "a");
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.refusal().byte, 240U);
}

TEST(Selector, compares_as_dns_does) {
  EXPECT_EQ(*Selector::parse("A"), *Selector::parse("a"));
  EXPECT_LT(*Selector::parse("a"), *Selector::parse("B"));
}

}  // namespace
}  // namespace dkim::test
