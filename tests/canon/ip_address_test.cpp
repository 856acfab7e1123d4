#include "canon/ip_address.hpp"

#include <gtest/gtest.h>

namespace dkim::canon {
namespace {

IpAddress address(const char* text) {
  return *IpAddress::parse(text);
}

struct Text {
  const char* written;
  const char* canonical;
};

class AddressText : public testing::TestWithParam<Text> {};

TEST_P(AddressText, IsReadAndPrinted) {
  const auto read = IpAddress::parse(GetParam().written);
  ASSERT_TRUE(read) << GetParam().written;
  EXPECT_EQ(read->text(), GetParam().canonical);
  EXPECT_EQ(IpAddress::parse(read->text()), read);
}

INSTANTIATE_TEST_SUITE_P(All, AddressText,
                         testing::Values(Text{"0.0.0.0", "0.0.0.0"},                  //
                                         Text{"192.0.2.1", "192.0.2.1"},              //
                                         Text{"255.255.255.255", "255.255.255.255"},  //
                                         Text{"::", "::"},                            //
                                         Text{"2001:DB8:0::1", "2001:db8::1"},        //
                                         Text{"2001:0db8::0001", "2001:db8::1"},      //
                                         Text{"::ffff:192.0.2.1", "::ffff:192.0.2.1"}));

class NotAnAddress : public testing::TestWithParam<std::string_view> {};

TEST_P(NotAnAddress, IsRefused) {
  EXPECT_FALSE(IpAddress::parse(GetParam())) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(All, NotAnAddress,
                         testing::Values("", "192.0.2", "192.0.2.256", "192.0.2.1.1", "192.0.2.01",
                                         "00.0.0.0", "0x7f.0.0.1", "2130706433", "192.0.2.1/32", " 192.0.2.1",
                                         "192.0.2.1 ", "[::1]", "::1%lo", "fe80::1%eth0", "fe80::1%2",
                                         ":::", "1::2::3", "00001::", "::ffff:192.0.2.01", "localhost",
                                         std::string_view("192.0.2.1\0", 10), std::string_view("::1\0", 4),
                                         std::string_view("\0", 1), std::string_view("::1\0x", 5)));

TEST(IpAddress, IsComparedByFamilyToo) {
  EXPECT_NE(address("::ffff:192.0.2.1"), address("192.0.2.1"));
  EXPECT_EQ(address("::ffff:192.0.2.1").unmapped(), address("192.0.2.1"));
  EXPECT_EQ(address("::ffff:192.0.2.1").bytes(), address("192.0.2.1").bytes());
  EXPECT_EQ(address("::192.0.2.1").unmapped(), address("::192.0.2.1"));
  EXPECT_EQ(address("192.0.2.1").unmapped(), address("192.0.2.1"));
  EXPECT_LT(address("192.0.2.1"), address("192.0.2.2"));
  EXPECT_EQ(IpAddress(), address("0.0.0.0"));
}

TEST(IpAddress, CanBeMadeFromBytes) {
  EXPECT_EQ(IpAddress::from_v4(std::array<std::uint8_t, 4>{192, 0, 2, 1}), address("192.0.2.1"));
  EXPECT_EQ(IpAddress::from_v6(address("2001:db8::1").bytes()), address("2001:db8::1"));
}

TEST(IpAddress, HasANameInTheReverseTree) {
  EXPECT_EQ(address("192.0.2.130").dotted(), "192.0.2.130");
  EXPECT_EQ(address("192.0.2.130").reverse_name(), "130.2.0.192.in-addr.arpa");
  EXPECT_EQ(address("2001:db8::f1").reverse_name(),
            "1.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

}  // namespace
}  // namespace dkim::canon
