// Tests canon/tag_list: reading tag lists (RFC 6376 §3.2).
#include "canon/tag_list.hpp"

#include <gtest/gtest.h>

#include "tests/vectors/vector_file.hpp"

namespace dkim::test {
namespace {

using canon::TagList;
using namespace std::string_literals;
using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs pairs(const TagList& list) {
  Pairs out;
  for (const auto& tag : list.tags())
    out.emplace_back(tag.name, tag.value);
  return out;
}

TEST(TagList, reads) {
  const struct {
    std::string text;
    Pairs tags;
  } cases[] = {
      {"v=1", {{"v", "1"}}},
      {"v=1;", {{"v", "1"}}},
      {"v=1; a=rsa-sha256", {{"v", "1"}, {"a", "rsa-sha256"}}},
      {" v = 1 ; a = b ", {{"v", "1"}, {"a", "b"}}},
      {"\r\n\tv\r\n =\r\n 1\r\n ;\r\n a=b;\r\n ", {{"v", "1"}, {"a", "b"}}},
      // An empty value is a value: p= revokes a key.
      {"p=", {{"p", ""}}},
      {"p=;n= ", {{"p", ""}, {"n", ""}}},
      // A value may contain "="; folds inside a value stay.
      {"b=a==", {{"b", "a=="}}},
      {"b=ab\r\n\tcd", {{"b", "ab\r\n\tcd"}}},
      {"n=a note, two words", {{"n", "a note, two words"}}},
      // Names are case-sensitive; digits and "_" may follow the first letter.
      {"a=1;A=2;a_1=3", {{"a", "1"}, {"A", "2"}, {"a_1", "3"}}},
      // UTF-8 (RFC 8616, RFC 6532).
      {"i=@b\xc3\xbc"s + "cher.example", {{"i", "@b\xc3\xbc"s + "cher.example"}}},
  };
  for (const auto& [text, tags] : cases) {
    const auto list = TagList::parse(text);
    ASSERT_TRUE(list) << text << ": " << list.refusal().reason;
    EXPECT_EQ(pairs(*list), tags) << text;
  }
}

TEST(TagList, refusals_name_the_byte) {
  const struct {
    std::string text;
    std::size_t octet;
  } cases[] = {
      {"", 0},
      {" \r\n ", 0},
      {";", 0},
      {";v=1", 0},
      {"v=1;;", 4},
      {"v=1; ;a=2", 4},
      {"v=1;;a=2", 4},
      {"v", 0},
      {"v=1; a", 5},
      {"=1", 0},
      {"v=1; =2", 5},
      {"1v=1", 0},
      {"_v=1", 0},
      {"v=1; a-b=2", 5},
      {"v=1; a b=2", 5},
      {"v=1; \xc3\xa4=2", 5},
      {"v=1; v=2", 5},
      {"v=1; a=2; v=1", 10},
      {"v=1\0"s, 3},
      {"v=a\vb", 3},
      {"v=ab\f", 4},
      {"v=ab; a=\x7f", 8},
      {"v=1\x01; a=2", 3},
  };
  for (const auto& [text, octet] : cases) {
    const auto list = TagList::parse(text);
    ASSERT_FALSE(list) << text;
    EXPECT_EQ(list.refusal().byte, octet) << text << ": " << list.refusal().reason;
  }
}

TEST(TagList, every_byte_in_a_value) {
  for (int octet = 0; octet < 256; ++octet) {
    const std::string text = "a=x"s + static_cast<char>(octet) + "y";
    const bool white = octet == '\t' || octet == '\r' || octet == '\n' || octet == ' ';
    const bool valchar = octet >= 0x21 && octet <= 0x7e && octet != ';';
    // Not ";": it would make "y" a tag without "=".
    EXPECT_EQ(static_cast<bool>(TagList::parse(text)), white || valchar || octet >= 0x80) << octet;
  }
}

TEST(TagList, tags_know_their_position) {
  const auto list = TagList::parse(" v=1;\r\n\ta = b;cc=");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->tags()[0].byte, 1U);
  EXPECT_EQ(list->tags()[1].byte, 8U);
  EXPECT_EQ(list->tags()[2].byte, 14U);
}

TEST(TagList, find) {
  const auto list = TagList::parse("v=1; p=; A=x");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->find("v"), "1");
  EXPECT_EQ(list->find("p"), "");
  EXPECT_EQ(list->find("a"), std::nullopt);
  EXPECT_EQ(list->find(""), std::nullopt);
}

TEST(TagList, key_records_of_the_rfcs) {
  for (const auto& vector : read_vectors("records.vec")) {
    const std::string record = vector.get("Record");
    const auto list = TagList::parse(record);
    ASSERT_TRUE(list) << vector.where();
    EXPECT_EQ(list->find("v"), "DKIM1");
    EXPECT_TRUE(list->find("p"));
  }
}

TEST(TagList, signatures_of_the_rfcs) {
  const std::string message = read_vector_file("rfc8463.eml");
  const auto end = message.find("\r\nDKIM-Signature:", 1);
  const std::string value = message.substr(15, end - 15);
  const auto list = TagList::parse(value);
  ASSERT_TRUE(list) << list.refusal().reason << " at " << list.refusal().byte;
  EXPECT_EQ(list->find("a"), "ed25519-sha256");
  EXPECT_EQ(list->find("s"), "brisbane");
  EXPECT_EQ(canon::split_colons(*list->find("h")),
            (std::vector<std::string_view>{"from", "to", "subject", "date", "message-id", "from", "subject",
                                           "date"}));
}

TEST(TagList, split_colons) {
  using Parts = std::vector<std::string_view>;
  EXPECT_EQ(canon::split_colons(""), Parts{""});
  EXPECT_EQ(canon::split_colons("a"), Parts{"a"});
  EXPECT_EQ(canon::split_colons("a : b\r\n\t:c"), (Parts{"a", "b", "c"}));
  EXPECT_EQ(canon::split_colons(":a:"), (Parts{"", "a", ""}));
}

// At these sizes, a search through all earlier tags for each tag would hang.
TEST(TagList, half_a_million_tags) {
  std::string text;
  for (int i = 0; i < 500'000; ++i)
    text.append("t").append(std::to_string(i)).append("=;");
  const auto list = TagList::parse(text);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->tags().size(), 500'000U);
  EXPECT_FALSE(TagList::parse(text + "t7=;"));
  EXPECT_FALSE(TagList::parse(std::string(10'000'000, ';')));
  EXPECT_FALSE(TagList::parse("v=1;" + std::string(10'000'000, ' ') + "x"));
}

}  // namespace
}  // namespace dkim::test
