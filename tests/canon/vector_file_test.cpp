// Tests tests/vectors/vector_file, on which other tests rely, and that a checkout keeps the line ends of
// messages.
#include "tests/vectors/vector_file.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace dkim::test {
namespace {

TEST(VectorFile, escapes_and_keys) {
  const auto records = read_vectors("canonicalization.vec");
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0].get("Name"), "example 1");
  EXPECT_EQ(records[0].all("Field"), (std::vector<std::string>{"A: X", "B : Y\t\r\n\tZ  "}));
  EXPECT_TRUE(records[0].has("Body"));
  EXPECT_FALSE(records[0].has("Nobody"));
  EXPECT_THROW(records[0].get("Nobody"), std::runtime_error);
  EXPECT_THROW(records[0].get("Field"), std::runtime_error);
  EXPECT_EQ(read_vectors("body_hashes.vec")[0].get("Body"), "");
}

TEST(VectorFile, a_missing_file_is_an_error) {
  EXPECT_THROW(read_vectors("no-such-file.vec"), std::runtime_error);
}

TEST(VectorFile, messages_have_kept_their_line_ends) {
  for (const auto* name : {"rfc6376_a.eml", "rfc8463.eml"}) {
    const std::string message = read_vector_file(name);
    EXPECT_NE(message.find("\r\n\r\nHi.\r\n\r\n"), std::string::npos) << name;
    for (std::size_t at = message.find('\n'); at != std::string::npos; at = message.find('\n', at + 1))
      ASSERT_TRUE(at > 0 && message[at - 1] == '\r') << name << " at " << at;
  }
}

}  // namespace
}  // namespace dkim::test
