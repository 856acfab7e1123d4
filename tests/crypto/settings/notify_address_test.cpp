// Accepts plain addresses, and nothing that another program could take for something else.
#include "crypto/settings/notify_address.hpp"

#include <gtest/gtest.h>

namespace dkim::crypto {
namespace {

TEST(NotifyAddress, is_one_plain_address_or_name) {
  for (const auto* text : {"root", "postmaster@example.com", "dns+keys=1_a-b.c@a-b.example", "x@localhost",
                           "0", "a@xn--mnchen-3ya.example"}) {
    const auto address = NotifyAddress::parse(text);
    ASSERT_TRUE(address) << text << ": " << address.refusal().reason;
    EXPECT_EQ(address->str(), text);
  }
  EXPECT_TRUE(NotifyAddress::parse(std::string(64, 'x') + "@example.com"));
}

TEST(NotifyAddress, is_nothing_else) {
  using namespace std::string_literals;
  for (const auto& text : {""s,
                           "@"s,
                           "@example.com"s,
                           "a@"s,
                           "-t"s,
                           "-a@example.com"s,
                           "+a"s,
                           "=a"s,
                           "_a"s,
                           ".a"s,
                           "a."s,
                           "a..b@example.com"s,
                           "a b"s,
                           " a"s,
                           "a "s,
                           "a,b"s,
                           "a;b"s,
                           "a@b@c"s,
                           "a\nBcc: b"s,
                           "a\r"s,
                           "a\0"s,
                           "a\0b"s,
                           "a@b\n"s,
                           "a@b\0"s,
                           "<a>"s,
                           "a <a@b>"s,
                           "\"a\"@b"s,
                           "a(b)"s,
                           "a:b"s,
                           "|a"s,
                           "/a"s,
                           "a/b"s,
                           "a!b"s,
                           "a%b"s,
                           "a\\b"s,
                           "`a`"s,
                           "$a"s,
                           "a'b"s,
                           "a@[192.0.2.1]"s,
                           "a@b..c"s,
                           "a@-b"s,
                           "a@b-"s,
                           "a@.b"s,
                           "a@b."s,
                           "\xC3\xA4@b"s,
                           "a@\xC3\xA4.example"s,
                           "a@b c"s,
                           std::string(65, 'x'),
                           "a@" + std::string(64, 'x'),
                           "a@" + std::string(254, 'x')})
    EXPECT_FALSE(NotifyAddress::parse(text)) << text;
}

TEST(NotifyAddress, says_where_the_trouble_is) {
  EXPECT_EQ(NotifyAddress::parse("ab c").refusal().byte, 2U);
  EXPECT_EQ(NotifyAddress::parse("ab@c..d").refusal().byte, 5U);
}

}  // namespace
}  // namespace dkim::crypto
