#include <gtest/gtest.h>

#include "keytool/doctor/dmarc_record.hpp"
#include "keytool/doctor/organizational_domain.hpp"

namespace dkim::keytool {
namespace {

TEST(DmarcRecord, is_told_from_other_texts) {
  EXPECT_TRUE(is_dmarc_record("v=DMARC1; p=none"));
  EXPECT_TRUE(is_dmarc_record("v = DMARC1 ;p=none"));
  EXPECT_TRUE(is_dmarc_record("v=DMARC1"));
  EXPECT_FALSE(is_dmarc_record("v=dmarc1; p=none"));
  EXPECT_FALSE(is_dmarc_record("v=DMARC12; p=none"));
  EXPECT_FALSE(is_dmarc_record("p=none; v=DMARC1"));
  EXPECT_FALSE(is_dmarc_record(""));
}

TEST(DmarcRecord, reads_each_tag) {
  const auto record = parse_dmarc_record(
      "v=DMARC1; p=Reject; sp=quarantine; adkim=s; aspf=r; pct=20; fo=1:d; ri=3600; x=unknown; "
      "rua=mailto:a@Example.COM!10m, mailto:b@example.net?subject=x,https://example.org/r; "
      "ruf=mailto:c@example.org");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->policy, DmarcPolicy::reject);
  EXPECT_EQ(record->subdomain_policy, DmarcPolicy::quarantine);
  EXPECT_TRUE(record->strict_dkim);
  EXPECT_FALSE(record->strict_spf);
  EXPECT_EQ(record->percent, 20U);
  EXPECT_EQ(record->report_domains, (std::vector<std::string>{"example.com", "example.net"}));
}

TEST(DmarcRecord, means_subdomains_too_without_sp) {
  const auto record = parse_dmarc_record("v=DMARC1;p=quarantine;");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->subdomain_policy, DmarcPolicy::quarantine);
  EXPECT_EQ(record->percent, 100U);
  EXPECT_TRUE(record->report_domains.empty());
}

struct Bad {
  const char* text;
  std::size_t octet;
};
class DmarcBadRecord : public testing::TestWithParam<Bad> {};

TEST_P(DmarcBadRecord, says_where) {
  const auto record = parse_dmarc_record(GetParam().text);
  ASSERT_FALSE(record) << GetParam().text;
  EXPECT_EQ(record.refusal().octet, GetParam().octet) << GetParam().text << ": " << record.refusal().reason;
}

INSTANTIATE_TEST_SUITE_P(
    All, DmarcBadRecord,
    testing::Values(Bad{"v=DMARC1", 8}, Bad{"v=DMARC1; p=no", 12}, Bad{"v=DMARC1; p=none; p=none", 18},
                    Bad{"v=DMARC1; p=none; sp=x", 21}, Bad{"v=DMARC1; p=none; adkim=strict", 24},
                    Bad{"v=DMARC1; p=none; pct=101", 22}, Bad{"v=DMARC1; p=none; pct=", 22},
                    Bad{"v=DMARC1; p=none; fo=2", 21}, Bad{"v=DMARC1; p=none; ri=1d", 21},
                    Bad{"v=DMARC1; p=none; rua=a@example.com", 22},
                    Bad{"v=DMARC1; p=none; rua=mailto:a@example.com,mailto:b", 43},
                    Bad{"v=DMARC1; p=none; rua=mailto:a@b..c", 22}, Bad{"v=DMARC1 p=none", 0},
                    Bad{"v=spf1 -all", 0}));

TEST(OrganizationalDomain, goes_by_the_public_suffix_list) {
  EXPECT_EQ(organizational_domain("a.b.example.com"), "example.com");
  EXPECT_EQ(organizational_domain("example.com"), "example.com");
  EXPECT_EQ(organizational_domain("a.example.co.uk"), "example.co.uk");
  EXPECT_EQ(organizational_domain("co.uk"), "co.uk");
  EXPECT_EQ(organizational_domain("mail.example.test"), "example.test");
  EXPECT_EQ(organizational_domain("a.xn--fiqs8s"), "a.xn--fiqs8s");
}

}  // namespace
}  // namespace dkim::keytool
