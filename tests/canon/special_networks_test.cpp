#include "canon/special_networks.hpp"

#include <gtest/gtest.h>

#include <string>

namespace dkim::canon {
namespace {

std::string use_of(const char* text) {
  const auto use = special_use(*IpAddress::parse(text));
  if (!use) return "ordinary";
  switch (*use) {
    case SpecialUse::local:
      return "local";
    case SpecialUse::documentation:
      return "documentation";
    case SpecialUse::other:
      return "other";
  }
  return "?";
}

TEST(SpecialUse, LocalNetworksEndWhereTheRegistrySays) {
  for (const auto* text : {"0.0.0.0",
                           "0.255.255.255",
                           "10.0.0.0",
                           "10.255.255.255",
                           "100.64.0.0",
                           "100.127.255.255",
                           "127.0.0.1",
                           "169.254.0.0",
                           "169.254.255.255",
                           "172.16.0.0",
                           "172.31.255.255",
                           "192.168.0.0",
                           "192.168.255.255",
                           "::",
                           "::1",
                           "fc00::",
                           "fdff::1",
                           "fe80::1",
                           "febf::1",
                           "::ffff:10.0.0.1"}) {
    EXPECT_EQ(use_of(text), "local") << text;
  }
}

TEST(SpecialUse, DocumentationNetworksEndWhereTheRegistrySays) {
  for (const auto* text : {"192.0.2.0", "192.0.2.255", "198.51.100.7", "203.0.113.255",
                           "2001:db8::", "2001:db8:ffff::1", "3fff::", "3fff:fff::1", "::ffff:192.0.2.1"}) {
    EXPECT_EQ(use_of(text), "documentation") << text;
  }
}

TEST(SpecialUse, SomeAddressesBelongToNoHost) {
  for (const auto* text : {"192.0.0.9", "198.18.0.0", "198.19.255.255", "224.0.0.1", "239.255.255.255",
                           "240.0.0.0", "255.255.255.255", "::2", "64:ff9b::1", "100::1", "1fff::", "2001::1",
                           "2001:1ff::1", "2002::1", "4000::1", "5f00::1", "8000::", "fec0::1", "ff02::1"}) {
    EXPECT_EQ(use_of(text), "other") << text;
  }
}

TEST(SpecialUse, OthersAreOrdinary) {
  for (const auto* text : {"1.0.0.0",         "8.8.8.8",         "9.255.255.255",   "11.0.0.0",
                           "100.63.255.255",  "100.128.0.0",     "126.255.255.255", "128.0.0.0",
                           "169.253.255.255", "172.15.255.255",  "172.32.0.0",      "192.0.1.0",
                           "192.0.3.0",       "192.167.255.255", "192.169.0.0",     "198.17.255.255",
                           "198.20.0.0",      "203.0.112.255",   "223.255.255.255", "2000::1",
                           "2001:200::1",     "2001:db7:ffff::", "2001:db9::",      "2a00:1450:4001:80b::1",
                           "3ffe::1",         "3fff:1000::1",    "::ffff:8.8.8.8"}) {
    EXPECT_EQ(use_of(text), "ordinary") << text;
  }
}

}  // namespace
}  // namespace dkim::canon
