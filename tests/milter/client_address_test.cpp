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
  EXPECT_EQ(client_at("::ffff:127.0.0.1").octets(), client_at("127.0.0.1").octets());
  EXPECT_EQ(client_at("::ffff:203.0.113.9").text(), "203.0.113.9");
  // The older form of RFC 4291 §2.5.5.1 is another address.
  EXPECT_NE(client_at("::127.0.0.1").octets(), client_at("127.0.0.1").octets());
}

TEST(ClientAddress, AnUnknownFamilyIsNoAddress) {
  for (const auto& client : {ClientAddress(), ClientAddress::from_socket(nullptr),
                             client_of_family(AF_UNSPEC), client_of_family(AF_APPLETALK)}) {
    EXPECT_FALSE(client.is_ip());
    EXPECT_FALSE(client.is_local());
    EXPECT_FALSE(Network::parse("0.0.0.0/0")->contains(client));
    EXPECT_FALSE(Network::parse("::/0")->contains(client));
  }
}

TEST(ClientAddress, AUnixSocketIsLocalAndInNoNetwork) {
  const auto client = client_of_family(AF_UNIX);
  EXPECT_TRUE(client.is_local());
  EXPECT_FALSE(client.is_ip());
  EXPECT_FALSE(Network::parse("::/0")->contains(client));
}

struct Membership {
  const char* network;
  const char* address;
  bool inside;
};

class NetworkContains : public testing::TestWithParam<Membership> {};

TEST_P(NetworkContains, Address) {
  const auto network = Network::parse(GetParam().network);
  ASSERT_TRUE(network) << GetParam().network;
  EXPECT_EQ(network->contains(client_at(GetParam().address)), GetParam().inside)
      << GetParam().network << " " << GetParam().address;
}

INSTANTIATE_TEST_SUITE_P(
    All, NetworkContains,
    testing::Values(
        Membership{"127.0.0.0/8", "127.0.0.1", true}, Membership{"127.0.0.0/8", "127.255.255.255", true},
        Membership{"127.0.0.0/8", "128.0.0.0", false}, Membership{"127.0.0.0/8", "126.255.255.255", false},
        Membership{"127.0.0.0/8", "::ffff:127.0.0.1", true},
        Membership{"127.0.0.0/8", "::127.0.0.1", false},  //
        Membership{"127.0.0.0/8", "::1", false},          //
        Membership{"::1", "::1", true},                   //
        Membership{"::1", "::2", false},                  //
        Membership{"::1", "127.0.0.1", false},            //
        Membership{"192.0.2.7", "192.0.2.7", true},       //
        Membership{"192.0.2.7", "192.0.2.6", false}, Membership{"192.0.2.8/29", "192.0.2.15", true},
        Membership{"192.0.2.8/29", "192.0.2.16", false}, Membership{"192.0.2.8/29", "192.0.2.7", false},
        Membership{"0.0.0.0/0", "203.0.113.9", true}, Membership{"0.0.0.0/0", "2001:db8::1", false},
        Membership{"::/0", "203.0.113.9", true},  // every address, the mapped ones too
        Membership{"::ffff:10.0.0.0/104", "10.9.8.7", true},
        Membership{"2001:db8::/32", "2001:db8:ffff::1", true},
        Membership{"2001:db8::/32", "2001:db9::", false},
        Membership{"2001:db8::/33", "2001:db8:7fff::", true},
        Membership{"2001:db8::/33", "2001:db8:8000::", false}, Membership{"fe80::/10", "febf::1", true},  //
        Membership{"fe80::/10", "fec0::1", false},                                                        //
        Membership{"2001:db8::4/127", "2001:db8::5", true},
        Membership{"2001:db8::4/127", "2001:db8::6", false}));

class NotANetwork : public testing::TestWithParam<const char*> {};

TEST_P(NotANetwork, IsRefused) {
  EXPECT_FALSE(Network::parse(GetParam())) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(All, NotANetwork,
                         testing::Values("", "/", "/8", "localhost", "127.0.0.1/", "127.0.0.0/33",
                                         "127.0.0.0/-1", "127.0.0.0/8x", "127.0.0.0/ 8", "127.0.0.0/+8",
                                         "127", "127.0.0.0.0/8", "127.0.0.256", " 127.0.0.1", "127.0.0.1 ",
                                         "::/129", "2001:db8::/32/", "[::1]", "fe80::1%lo", "127.0.0.0/8/8",
                                         "127.0.0.0/99999999999999999999", "10.0.0.1/8", "192.0.2.9/29",
                                         "127.0.0.1/0", "2001:db8::1/32", "::1/0", "2001:db8:8000::/32"));

TEST(Network, KeepsItsTextAsWritten) {
  EXPECT_EQ(Network::parse("2001:0DB8::/32")->text(), "2001:0DB8::/32");
}

}  // namespace
}  // namespace dkim::milter
