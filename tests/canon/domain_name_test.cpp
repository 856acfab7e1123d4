// Tests canon/domain_name: names that become paths, DNS names and d=.
#include "canon/domain_name.hpp"

#include <gtest/gtest.h>

#include "tests/vectors/vector_file.hpp"

namespace dkim::test {
namespace {

using canon::DomainName;
using namespace std::string_literals;

TEST(DomainName, vectors) {
  for (const auto& vector : read_vectors("domains.vec")) {
    const auto name = DomainName::parse(vector.get("Domain"));
    if (vector.has("Refused")) {
      EXPECT_FALSE(name) << vector.where() << " gave " << name->str();
      if (!name) {
        EXPECT_FALSE(name.refusal().reason.empty());
      }
    } else {
      if (!name) {
        ADD_FAILURE() << vector.where() << ": " << name.refusal().reason;
        continue;
      }
      EXPECT_EQ(name->str(), vector.get("Name")) << vector.where();
    }
  }
}

// Parsing a parsed name changes nothing.
TEST(DomainName, a_parsed_name_reads_as_itself) {
  for (const auto& vector : read_vectors("domains.vec")) {
    if (const auto name = DomainName::parse(vector.get("Domain"))) {
      const auto again = DomainName::parse(name->str());
      ASSERT_TRUE(again) << vector.where();
      EXPECT_EQ(*again, *name) << vector.where();
    }
  }
}

TEST(DomainName, the_last_parent_has_two_labels) {
  auto name = DomainName::parse("a.B.example.com");
  ASSERT_TRUE(name);
  std::vector<std::string> chain;
  for (std::optional<DomainName> at = *name; at; at = at->parent())
    chain.push_back(at->str());
  EXPECT_EQ(chain, (std::vector<std::string>{"a.b.example.com", "b.example.com", "example.com"}));
  EXPECT_FALSE(DomainName::parse("localhost")->parent());
}

TEST(DomainName, compares_by_its_canonical_name) {
  EXPECT_EQ(*DomainName::parse("Example.COM."), *DomainName::parse("example.com"));
  EXPECT_EQ(*DomainName::parse("b\xc3\xbc"s + "cher.example"), *DomainName::parse("XN--BCHER-KVA.example"));
  EXPECT_LT(*DomainName::parse("a.example"), *DomainName::parse("b.example"));
}

// libidn2 must not get megabytes: its work grows faster than its input.
TEST(DomainName, long_input_is_refused_at_once) {
  EXPECT_FALSE(DomainName::parse(std::string(10'000'000, 'a')));
  std::string u_labels;
  while (u_labels.size() < 10'000'000)
    u_labels += "\xc3\xa4.";
  EXPECT_FALSE(DomainName::parse(u_labels));
  EXPECT_FALSE(DomainName::parse(std::string(1024, '\xc3')));
}

// A parsed name has only letters, digits, "-", "_" and ".": tries every byte alone and as the end of a UTF-8
// sequence.
TEST(DomainName, no_other_byte_gets_through) {
  const std::string allowed = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
  int ascii = 0;
  int others = 0;
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text = "a"s + static_cast<char>(first) + static_cast<char>(second) +
                               static_cast<char>(second) + "b.example";
      if (const auto name = DomainName::parse(text)) {
        ++(first < 0x80 ? ascii : others);
        ASSERT_EQ(name->str().find_first_not_of(allowed), std::string::npos) << first << " " << second;
        ASSERT_NE(name->str().front(), '.');
        ASSERT_EQ(name->str().find(".."), std::string::npos);
      }
    }
  }
  // Both bytes may be a letter of either case, a digit, "-" or "_". After ".", a label may not begin with
  // "-".
  EXPECT_EQ(ascii, 64 * 64 + 63);
  EXPECT_GT(others, 0) << "some three bytes are a letter in UTF-8";
}

}  // namespace
}  // namespace dkim::test
