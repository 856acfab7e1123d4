// Tests sets of hosts: the networks that opendkim's entries become, and the remarks on other entries.
#include <gtest/gtest.h>

#include <map>

#include "keytool/opendkim/host_list.hpp"

namespace dkim::keytool::opendkim {
namespace {

DataSet hosts(std::string_view text) {
  return {DataSetName::Type::file, parse_data_file(text, "hosts")};
}

DataSet patterns(std::string_view text) {
  return {DataSetName::Type::patterns, parse_data_file(text, "hosts")};
}

using Networks = std::vector<std::string>;
using K = Remark::Kind;

Networks of(const DataSet& data) {
  return HostList(data, "I", K::unsigned_mail).networks_without({});
}

TEST(ImportHosts, TheMostPreciseEntryDecides) {
  EXPECT_EQ(HostList(hosts("10.0.0.0/8\n192.0.2.1\n[2001:db8::]/32\n"), "I", Remark::Kind::not_taken)
                .networks_without({}),
            (Networks{"10.0.0.0/8", "192.0.2.1", "2001:db8::/32"}));
  EXPECT_EQ(HostList(hosts("10.0.0.0/8\n!10.128.0.0/9\n"), "I", Remark::Kind::not_taken).networks_without({}),
            (Networks{"10.0.0.0/9"}));
  EXPECT_EQ(HostList(hosts("10.0.0.0/30\n!10.0.0.1\n"), "I", Remark::Kind::not_taken).networks_without({}),
            (Networks{"10.0.0.0", "10.0.0.2/31"}));
  EXPECT_EQ(HostList(hosts("!10.0.0.0/30\n10.0.0.1\n"), "I", Remark::Kind::not_taken).networks_without({}),
            (Networks{"10.0.0.1"}));
  EXPECT_EQ(HostList(hosts("10.0.0.1\n!10.0.0.1\n"), "I", Remark::Kind::not_taken).networks_without({}),
            Networks{});
  EXPECT_EQ(HostList(hosts("0.0.0.0/0\n"), "I", Remark::Kind::not_taken).networks_without({}),
            (Networks{"0.0.0.0/0"}));
}

TEST(ImportHosts, PeersAreExcluded) {
  const HostList internal(hosts("10.0.0.0/24\n192.0.2.0/24\n"), "InternalHosts", Remark::Kind::not_taken);
  const HostList peers(hosts("10.0.0.0/25\n192.0.2.0/24\n!192.0.2.7\n"), "PeerList", Remark::Kind::not_taken);
  EXPECT_EQ(internal.networks_without(peers), (Networks{"10.0.0.128/25", "192.0.2.7"}));
}

TEST(ImportHosts, NamesAreNotImported) {
  const HostList list(hosts("localhost\nmail.example.com\n.lan\n192.168.1.1/24\n192.0.2/24\n!host\n"), "I",
                      Remark::Kind::not_taken);
  EXPECT_EQ(list.networks_without({}), (Networks{"::1", "127.0.0.1"}));
  std::vector<Remark::Kind> kinds;
  for (const auto& remark : list.remarks())
    kinds.push_back(remark.kind);
  EXPECT_EQ(kinds, (std::vector<K>{K::not_taken, K::not_taken, K::note, K::note, K::not_taken}));
}

TEST(ImportHosts, EntriesWithinOthersChangeNothing) {
  EXPECT_EQ(of(hosts("127.0.0.1\n127.0.0.0/8\n10.2.0.9\n10.2.0.0/24\n10.2.0.0/16\n::1\n")),
            (Networks{"::1", "10.2.0.0/16", "127.0.0.0/8"}));
  EXPECT_EQ(of(hosts("10.0.0.0/8\n10.1.0.0/16\n!10.1.2.0/24\n10.1.2.3\n10.9.9.9\n")).size(), 17U)
      << "16 parts without the exception, and one within it";
  const HostList internal(hosts("10.0.0.0/29\n10.0.0.3\n"), "I", K::unsigned_mail);
  const HostList peers(hosts("10.0.0.4/30\n10.0.0.5\n192.0.2.1\n"), "P", K::signed_otherwise);
  EXPECT_EQ(internal.networks_without(peers), Networks{"10.0.0.0/30"});
}

TEST(ImportHosts, AFileOfPatternsIsReadLikeAFlatOne) {
  const HostList list(patterns("127.0.0.1\n::1\nLocalhost\n192.168.4.0/22\n!192.168.5.0/24\n2001:DB8::/32\n"),
                      "I", K::unsigned_mail);
  EXPECT_EQ(list.networks_without({}),
            (Networks{"::1", "127.0.0.1", "192.168.4.0/24", "192.168.6.0/23", "2001:db8::/32"}));
  EXPECT_TRUE(list.remarks().empty());
}

TEST(ImportHosts, PatternsThatAreNetworksAreImported) {
  EXPECT_EQ(of(patterns("10.1.*\n172.16.*.*\n192.0.2.*\n11.*\n2001:db8:5:*\nfe80:*\n")),
            (Networks{"10.1.0.0/16", "11.0.0.0/8", "172.16.0.0/16", "192.0.2.0/24", "2001:db8:5::/48",
                      "fe80::/16"}));
  EXPECT_EQ(of(patterns("!10.1.*\n10.0.0.0/15\n")), Networks{"10.0.0.0/16"});
  // For an address of 11.0.0.0/8 opendkim also asks for 10.0.0.0/7.
  const HostList wide(patterns("10.*\n11.1.*\n"), "I", K::unsigned_mail);
  ASSERT_EQ(wide.remarks().size(), 1U);
  EXPECT_EQ(wide.remarks()[0].text, "I: 10.* is taken for 10.0.0.0/8; there it matches all of 10.0.0.0/7");
}

TEST(ImportHosts, RemarksOnOtherPatterns) {
  const std::map<std::string, K> cases{
      {"*.example.com", K::note},
      {"mail.*.example.com", K::unsigned_mail},
      {"192.168.1*", K::unsigned_mail},
      {"10.*.1", K::unsigned_mail},
      {"[::1]", K::note},
      {"10.0.0.[12]", K::unsigned_mail},
      {"10.0.0.1|10.0.0.2", K::unsigned_mail},
      {"2001:0:*", K::unsigned_mail},
      {"*.1", K::unsigned_mail},
      {"10.1.2.3.*", K::unsigned_mail},
      {"400.*", K::unsigned_mail},
      {"192.0.3.*.*", K::unsigned_mail},
      {"2001:db8:*:*", K::unsigned_mail},
  };
  for (const auto& [text, kind] : cases) {
    const HostList list(patterns("127.0.0.1\n" + text + "\n"), "InternalHosts", K::unsigned_mail);
    EXPECT_EQ(list.networks_without({}), Networks{"127.0.0.1"}) << text;
    ASSERT_EQ(list.remarks().size(), 1U) << text;
    EXPECT_EQ(list.remarks()[0].kind, kind) << text << ": " << list.remarks()[0].text;
    EXPECT_EQ(list.remarks()[0].place, "hosts:2");
  }
  const HostList contradiction(patterns("10.1.*\n!10.1.2.0/24\n"), "I", K::unsigned_mail);
  EXPECT_EQ(contradiction.networks_without({}), Networks{});
  EXPECT_EQ(contradiction.remarks()[0].kind, K::unsigned_mail);
}

// Such a pattern also matches "!ADDRESS", which opendkim asks for first.
TEST(ImportHosts, APatternOfAllHostsTrustsNobody) {
  const HostList list(patterns("127.0.0.1\n*\n"), "I", K::unsigned_mail);
  EXPECT_EQ(list.networks_without({}), Networks{});
  EXPECT_NE(list.remarks()[0].text.find("says no to every host"), std::string::npos);
  const HostList internal(hosts("10.0.0.0/8\n"), "I", K::unsigned_mail);
  EXPECT_EQ(internal.networks_without(list), Networks{"10.0.0.0/8"}) << "as peers they exclude nobody";
}

}  // namespace
}  // namespace dkim::keytool::opendkim
