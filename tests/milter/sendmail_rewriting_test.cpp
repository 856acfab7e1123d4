#include "milter/sendmail_rewriting.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/vectors/vector_file.hpp"

namespace dkim::milter {
namespace {

// tests/package/sendmail_test.py sends the same values through a real sendmail.
TEST(SendmailRewriting, IsForeseenForEachVector) {
  for (const auto& record : test::read_vectors("sendmail_addresses.vec")) {
    const auto problem = rewritten_because(record.get("Value"));
    EXPECT_EQ(problem.value_or("none"), record.has("Problem") ? record.get("Problem") : "none")
        << record.where();
  }
}

TEST(SendmailRewriting, ALongNameIsKeptUpTo255Bytes) {
  const std::string address = " <bob@receiver.example>";
  EXPECT_EQ(rewritten_because(" " + std::string(255 - address.size(), 'n') + address), std::nullopt);
  EXPECT_NE(rewritten_because(" " + std::string(256 - address.size(), 'n') + address), std::nullopt);
}

// Whatever an author sends, there is an answer; sanitizers watch.
TEST(SendmailRewriting, AnyShortTextHasAnAnswer) {
  constexpr std::string_view bytes = "a@.,;:<>()[]\"\\ \r\nA\xc3";
  std::string text(4, ' ');
  for (const char a : bytes) {
    for (const char b : bytes) {
      for (const char c : bytes) {
        for (const char d : bytes) {
          text = {a, b, c, d};
          const auto problem = rewritten_because(text);
          EXPECT_TRUE(!problem || !problem->empty());
        }
      }
    }
  }
}

TEST(SendmailRewriting, OnlyAddressFieldsAreConcerned) {
  for (const auto* name : {"from", "sender", "reply-to", "to", "cc", "resent-from", "resent-to"})
    EXPECT_TRUE(sendmail_rewrites_addresses_in(name)) << name;
  for (const auto* name :
       {"subject", "references", "message-id", "list-unsubscribe", "in-reply-to", "date", ""})
    EXPECT_FALSE(sendmail_rewrites_addresses_in(name)) << name;
}

}  // namespace
}  // namespace dkim::milter
