// Tests answers that no honest server sends.
#include <gtest/gtest.h>

#include "keytool/dns/dns_client.hpp"

namespace dkim::keytool {
namespace {

using std::string_literals::operator""s;

// Returns an authoritative answer with one record, to a question for the TXT records of "a.".
std::string answer_with(const std::string& record) {
  return "\x12\x34\x84\x00\0\1\0\1\0\0\0\0"s + "\1a\0\0\x10\0\1"s + record;
}

DnsResult<DnsResponse> read(const std::string& wire, RecordType type = RecordType::txt) {
  const std::vector<std::uint8_t> bytes(wire.begin(), wire.end());
  return DnsClient::read_answer(bytes, type);
}

TEST(DnsAnswer, RecordWithoutDataCountsAsNone) {
  // Each record has the name as a pointer to the question's, type, class, TTL, and no data, as in RFC 2136.
  for (const auto& type : {"\0\5"s, "\0\x10"s}) {
    const auto answer = read(answer_with("\xc0\x0c"s + type + "\0\1\0\0\0\x3c\0\0"s));
    ASSERT_TRUE(static_cast<bool>(answer));
    EXPECT_TRUE(answer->authoritative);
    EXPECT_TRUE(answer->texts.empty());
    EXPECT_FALSE(answer->alias);
  }
}

TEST(DnsAnswer, ReadsAText) {
  const auto answer = read(answer_with("\xc0\x0c\0\x10\0\1\0\0\0\x3c\0\4\1x\1y"s));
  ASSERT_TRUE(static_cast<bool>(answer));
  ASSERT_EQ(answer->texts.size(), 1U);
  EXPECT_EQ(answer->texts.front().value, "xy");
  EXPECT_EQ(answer->texts.front().ttl, 60U);
}

TEST(DnsAnswer, RefusesBytesThatAreNoAnswer) {
  for (const auto& wire :
       {""s, "x"s, answer_with("\xc0\x0c\0\x10\0\1\0\0\0\x3c\0\4\1x"s), answer_with("\xc0\x0c"s)})
    EXPECT_FALSE(static_cast<bool>(read(wire))) << wire.size();
}

}  // namespace
}  // namespace dkim::keytool
