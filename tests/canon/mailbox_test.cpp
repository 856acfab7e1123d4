// Tests canon/mailbox: From: values and what is read from them.
#include "canon/mailbox.hpp"

#include <gtest/gtest.h>

#include "tests/vectors/vector_file.hpp"

namespace dkim::test {
namespace {

using canon::parse_mailboxes;

std::string joined(const canon::Mailbox& mailbox) {
  return mailbox.local_part + " " + mailbox.domain;
}

TEST(Mailbox, vectors) {
  for (const auto& vector : read_vectors("mailboxes.vec")) {
    const auto found = parse_mailboxes(vector.get("Value"));
    if (vector.has("Refused")) {
      EXPECT_FALSE(found) << vector.where() << " gave " << joined(found->front());
      if (!found) {
        EXPECT_EQ(std::to_string(found.refusal().byte), vector.get("Refused"))
            << vector.where() << ": " << found.refusal().reason;
      }
      continue;
    }
    if (!found) {
      ADD_FAILURE() << vector.where() << ": " << found.refusal().reason << " at " << found.refusal().byte;
      continue;
    }
    std::vector<std::string> mailboxes;
    for (const auto& mailbox : *found)
      mailboxes.push_back(joined(mailbox));
    EXPECT_EQ(mailboxes, vector.all("Mailbox")) << vector.where();
  }
}

// Comments and folds between any two tokens change nothing.
TEST(Mailbox, comments_and_folds_between_all_tokens) {
  const std::vector<std::string> tokens = {"Ann",   "\"B. C\"", "<", "@", "r.test",  ":", "a", ".",
                                           "\"b\"", "@",        "c", ".", "example", ">", ",", "Group",
                                           ":",     "x",        "@", "y", ".",       "z", ";"};
  for (const std::string filler : {" ", "\t", "\r\n ", "(c)", "((n)(,;<@>))", " (\\)) \r\n\t(\")"}) {
    std::string value;
    for (const auto& token : tokens)
      value += filler + token;
    const auto found = parse_mailboxes(value + filler);
    ASSERT_TRUE(found) << value << ": " << found.refusal().reason << " at " << found.refusal().byte;
    ASSERT_EQ(found->size(), 2U) << value;
    EXPECT_EQ(joined((*found)[0]), "a.b c.example") << value;
    EXPECT_EQ(joined((*found)[1]), "x y.z") << value;
  }
}

// A value that is cut off anywhere is refused, or gives mailboxes with plain domains.
TEST(Mailbox, every_prefix_of_every_vector) {
  for (const auto& vector : read_vectors("mailboxes.vec")) {
    const std::string value = vector.get("Value");
    for (std::size_t size = 0; size <= value.size(); ++size) {
      const auto found = parse_mailboxes(std::string_view(value).substr(0, size));
      if (!found) {
        EXPECT_LE(found.refusal().byte, size) << vector.where();
        continue;
      }
      for (const auto& mailbox : *found) {
        EXPECT_FALSE(mailbox.domain.empty()) << vector.where();
        EXPECT_EQ(mailbox.domain.find_first_of(" \t\r\n(@<>,;"), std::string::npos) << vector.where();
      }
    }
  }
}

// Reasons go to the log, so they must not contain any of the input.
TEST(Mailbox, reasons_contain_nothing_of_the_input) {
  for (const auto& vector : read_vectors("mailboxes.vec")) {
    const auto found = parse_mailboxes(vector.get("Value"));
    if (found) continue;
    EXPECT_FALSE(found.refusal().reason.empty());
    EXPECT_EQ(found.refusal().reason.find("example"), std::string::npos);
    for (const char c : found.refusal().reason)
      EXPECT_TRUE(c >= ' ' && c < 0x7f) << vector.where();
  }
}

}  // namespace
}  // namespace dkim::test
