// Tests canon/labels: the syntax that domains and selectors share.
#include "canon/labels.hpp"

#include <gtest/gtest.h>

namespace dkim::test {
namespace {

using canon::check_labels;
using namespace std::string_literals;

std::string label(std::size_t size) {
  return std::string(size, 'a');
}

// Returns three labels of 63 bytes and one that brings the name to this size.
std::string name_of(std::size_t size) {
  return label(63) + "." + label(63) + "." + label(63) + "." + label(size - 192);
}

TEST(Labels, good_names) {
  for (const auto& name : {"a"s, "a.b"s, "server-20261124b"s, "_dmarc.example"s, "a--b"s, "0"s, "1.2.3.4"s,
                           "_"s, "A.B"s, label(63), name_of(253)}) {
    EXPECT_FALSE(check_labels(name)) << name;
  }
}

TEST(Labels, refusals_name_the_byte) {
  const struct {
    std::string name;
    std::size_t octet;
  } cases[] = {{"", 0},
               {".", 0},
               {".a", 0},
               {"a.", 2},
               {"a..b", 2},
               {"-a", 0},
               {"a-", 0},
               {"ab.-c", 3},
               {"ab.c-.d", 3},
               {"a/b", 1},
               {"../a", 0},
               {"a b", 1},
               {"a\0b"s, 1},
               {"a\\b", 1},
               {"a:b", 1},
               {"a;b", 1},
               {"a\nb", 1},
               {"a=b", 1},
               {"a@b", 1},
               {"ab\xc3\xa9", 2},
               {"a\x7f", 1},
               {"*.a", 0},
               {"a\"b", 1},
               {"a.b/..", 3},
               {label(64), 0},
               {"ab." + label(64), 3},
               {name_of(254), 253}};
  for (const auto& [name, octet] : cases) {
    const auto wrong = check_labels(name);
    ASSERT_TRUE(wrong) << name;
    EXPECT_EQ(wrong->byte, octet) << name << ": " << wrong->reason;
  }
}

TEST(Labels, long_input_is_refused_by_its_length) {
  EXPECT_TRUE(check_labels(std::string(10'000'000, '.')));
  EXPECT_TRUE(check_labels(std::string(10'000'000, 'a')));
}

TEST(Labels, names_below_a_domain) {
  EXPECT_TRUE(canon::is_below("a.example.com", "example.com"));
  EXPECT_TRUE(canon::is_below("a.b.example.com", "example.com"));
  for (const auto* name : {"example.com", ".example.com", "anexample.com", "example.org", "com", ""})
    EXPECT_FALSE(canon::is_below(name, "example.com")) << name;
}

// No byte of a name has a special meaning to a shell, a zone file or a file system.
TEST(Labels, only_letters_digits_hyphens_and_underscores) {
  const std::string allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  for (int octet = 0; octet < 256; ++octet) {
    const std::string name = "a"s + static_cast<char>(octet) + "b";
    EXPECT_EQ(!check_labels(name), allowed.find(static_cast<char>(octet)) != std::string::npos) << octet;
  }
}

}  // namespace
}  // namespace dkim::test
