#include "canon/network.hpp"

#include <gtest/gtest.h>

namespace dkim::canon {
namespace {

struct Membership {
  const char* network;
  const char* address;
  bool inside;
};

class NetworkContains : public testing::TestWithParam<Membership> {};

TEST_P(NetworkContains, Address) {
  const auto network = Network::parse(GetParam().network);
  ASSERT_TRUE(network) << GetParam().network;
  EXPECT_EQ(network->contains(*IpAddress::parse(GetParam().address)), GetParam().inside)
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

TEST(Network, RefusesANul) {
  EXPECT_FALSE(Network::parse(std::string_view("127.0.0.1\0", 10)));
  EXPECT_FALSE(Network::parse(std::string_view("127.0.0.0\0/8", 12)));
}

struct Printed {
  const char* text;
  const char* canonical;
};

class NetworkText : public testing::TestWithParam<Printed> {};

TEST_P(NetworkText, IsCanonical) {
  EXPECT_EQ(Network::parse_masked(GetParam().text)->text(), GetParam().canonical);
}

INSTANTIATE_TEST_SUITE_P(All, NetworkText,
                         testing::Values(Printed{"10.0.0.0/8", "10.0.0.0/8"},   //
                                         Printed{"10.1.2.3/8", "10.0.0.0/8"},   //
                                         Printed{"0.0.0.0/0", "0.0.0.0/0"},     //
                                         Printed{"192.0.2.1/32", "192.0.2.1"},  //
                                         Printed{"2001:0DB8::/32", "2001:db8::/32"},
                                         Printed{"2001:db8::7/32", "2001:db8::/32"},  //
                                         Printed{"::1/128", "::1"},                   //
                                         Printed{"::/0", "::/0"},                     //
                                         Printed{"::ffff:10.0.0.0/104", "10.0.0.0/8"}));

TEST(Network, IsEverythingIfItHasAllAddresses) {
  for (const auto* text : {"0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96"})
    EXPECT_TRUE(Network::parse(text)->is_everything()) << text;
  for (const auto* text : {"0.0.0.0/1", "::/1", "::/96", "0.0.0.0"})
    EXPECT_FALSE(Network::parse(text)->is_everything()) << text;
}

TEST(Network, SurroundsAnAddress) {
  const auto around = [](const char* address, unsigned prefix) {
    return Network::around(*IpAddress::parse(address), prefix).text();
  };
  EXPECT_EQ(around("192.0.2.129", 25), "192.0.2.128/25");
  EXPECT_EQ(around("192.0.2.129", 0), "0.0.0.0/0");
  EXPECT_EQ(around("192.0.2.129", 33), "192.0.2.129");
  EXPECT_EQ(around("2001:db8::1", 64), "2001:db8::/64");
  EXPECT_EQ(around("2001:db8::1", 129), "2001:db8::1");
}

TEST(Network, ContainsItsHalves) {
  const auto network = *Network::parse("192.0.2.0/24");
  EXPECT_EQ(network.lower_half().text(), "192.0.2.0/25");
  EXPECT_EQ(network.upper_half().text(), "192.0.2.128/25");
  EXPECT_TRUE(network.contains(network.upper_half()));
  EXPECT_FALSE(network.upper_half().contains(network));
  EXPECT_FALSE(network.upper_half().contains(network.lower_half()));
  EXPECT_EQ(network.upper_half().widened(network.mapped_prefix()), network);
  EXPECT_LT(network, network.lower_half());
  EXPECT_LT(network.lower_half(), network.upper_half());
}

TEST(Network, ASingleAddressHasNoHalvesAndNoBitBeyondItsLast) {
  for (const auto* text : {"192.0.2.1", "2001:db8::1"}) {
    const auto single = *Network::parse(text);
    EXPECT_EQ(single.lower_half(), single);
    EXPECT_EQ(single.upper_half(), single);
    EXPECT_TRUE(single.has_bit(127));
    EXPECT_FALSE(single.has_bit(128));
  }
}

}  // namespace
}  // namespace dkim::canon
