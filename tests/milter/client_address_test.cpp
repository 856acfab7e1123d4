#include "milter/client_address.hpp"

#include <gtest/gtest.h>

#include "tests/milter/addresses.hpp"

namespace dkim::milter {
namespace {

using test::client_at;
using test::client_of_family;

TEST(ClientAddress, SaysWhereAMessageComesFrom) {
  EXPECT_EQ(client_at("203.0.113.9").text(), "203.0.113.9");
  EXPECT_EQ(client_at("2001:db8:0:0:0:0:0:1").text(), "2001:db8::1");
  EXPECT_EQ(client_of_family(AF_UNIX).text(), "local socket");
  EXPECT_EQ(ClientAddress::from_socket(nullptr).text(), "of unknown address");
}

TEST(ClientAddress, MappedIpv4IsIpv4) {
  EXPECT_EQ(client_at("::ffff:127.0.0.1").ip(), client_at("127.0.0.1").ip());
  EXPECT_EQ(client_at("::ffff:203.0.113.9").text(), "203.0.113.9");
  // The older form of RFC 4291 §2.5.5.1 is another address.
  EXPECT_NE(client_at("::127.0.0.1").ip(), client_at("127.0.0.1").ip());
}

TEST(ClientAddress, AnUnknownFamilyHasNoAddress) {
  for (const auto& client : {ClientAddress(), ClientAddress::from_socket(nullptr),
                             client_of_family(AF_UNSPEC), client_of_family(AF_APPLETALK)}) {
    EXPECT_FALSE(client.ip());
    EXPECT_FALSE(client.is_local());
  }
}

TEST(ClientAddress, AUnixSocketIsLocal) {
  const auto client = client_of_family(AF_UNIX);
  EXPECT_TRUE(client.is_local());
  EXPECT_FALSE(client.ip());
}

}  // namespace
}  // namespace dkim::milter
