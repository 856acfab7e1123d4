// Tests doctor's findings about a domain's DMARC: alignment by the tree walk, addresses for reports, and
// records at wrong names. dmarc_test.cpp tests the records themselves.
#include <gtest/gtest.h>

#include "keytool/doctor/domain/dmarc_check.hpp"
#include "tests/keytool/table_lookup.hpp"

namespace dkim::keytool {
namespace {

class DmarcFindings : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& text) {
    dns_.records[{name, RecordType::txt}].push_back(text);
  }

  // Returns the findings that are not good.
  Findings check(const DmarcCheck& check) {
    auto findings = check_dmarc(dns_, check);
    std::erase_if(findings, [](const auto& finding) { return finding.severity == Severity::good; });
    return findings;
  }
  Findings check_aligned(const std::string& domain) { return check({domain, {domain}, {domain}}); }

  static void expect_only(const Findings& findings, Severity severity, const std::string& words) {
    std::string all;
    for (const auto& finding : findings)
      all += finding.what + "\n";
    ASSERT_EQ(findings.size(), 1U) << all;
    EXPECT_EQ(findings.front().severity, severity) << all;
    EXPECT_NE(findings.front().what.find(words), std::string::npos) << all;
  }

  test::TableLookup dns_;
};

TEST_F(DmarcFindings, relaxed_alignment_needs_the_organization_that_the_walk_finds) {
  put("_dmarc.example.com", "v=DMARC1; p=none");
  put("_dmarc.news.example.com", "v=DMARC1; p=none");
  for (const char* signer : {"example.com", "news.example.com", "other.example.com"})
    EXPECT_TRUE(check({"news.example.com", {signer}, {"example.com"}}).empty()) << signer;
  expect_only(check({"news.example.com", {"example.net"}, {"example.com"}}), Severity::broken,
              "signatures of example.net do not count for mail From news.example.com");
  expect_only(check({"news.example.com", {"example.com"}, {"esp.example"}}), Severity::risk,
              "DMARC depends on the DKIM signature alone");
  // One of several is enough.
  EXPECT_TRUE(
      check({"news.example.com", {"example.net", "example.com"}, {"esp.example", "example.com"}}).empty());
}

TEST_F(DmarcFindings, strict_alignment_needs_the_same_name) {
  put("_dmarc.example.com", "v=DMARC1; p=none; adkim=s");
  expect_only(check({"example.com", {"mail.example.com"}, {"mail.example.com"}}), Severity::broken,
              "its DMARC record says adkim=s");
  dns_.records.clear();
  put("_dmarc.example.com", "v=DMARC1; p=none; aspf=s");
  expect_only(check({"example.com", {"mail.example.com"}, {"mail.example.com"}}), Severity::risk,
              "with aspf=s");
}

// A list of suffixes would see one organization; a walk sees none above the domain's own record.
TEST_F(DmarcFindings, a_parent_without_a_record_is_another_organization) {
  put("_dmarc.server.example.com", "v=DMARC1; p=none");
  const auto findings = check({"server.example.com", {"example.com"}, {"server.example.com"}});
  expect_only(findings, Severity::broken, "signatures of example.com do not count");
  ASSERT_EQ(findings.front().paste,
            std::vector<std::string>{"_dmarc.example.com. 3600 IN TXT \"v=DMARC1; p=none\""});
  put("_dmarc.example.com", "v=DMARC1; p=none");
  EXPECT_TRUE(check({"server.example.com", {"example.com"}, {"server.example.com"}}).empty());
}

TEST_F(DmarcFindings, psd_n_keeps_the_names_below_apart) {
  put("_dmarc.shop.example.com", "v=DMARC1; p=none; psd=n");
  put("_dmarc.example.com", "v=DMARC1; p=none");
  const auto findings = check({"shop.example.com", {"example.com"}, {"shop.example.com"}});
  expect_only(findings, Severity::broken, "do not count");
  EXPECT_TRUE(findings.front().paste.empty());
}

TEST_F(DmarcFindings, mail_without_alignment_is_treated_as_the_policy_says) {
  put("_dmarc.example.com", "v=DMARC1; p=reject; t=y");
  const DmarcCheck none{"example.com", {"example.net"}, {"example.net"}};
  const auto with_words = [](const Findings& findings) {
    return std::count_if(findings.begin(), findings.end(), [](const auto& finding) {
      return finding.what.find("and neither does SPF") != std::string::npos;
    });
  };
  EXPECT_EQ(with_words(check(none)), 1);
  dns_.records.clear();
  // In test mode, this policy counts as none.
  put("_dmarc.example.com", "v=DMARC1; p=quarantine; t=y");
  EXPECT_EQ(with_words(check(none)), 0);
}

TEST_F(DmarcFindings, alignment_without_an_answer_of_dns_is_unknown) {
  put("_dmarc.news.example.com", "v=DMARC1; p=none");
  dns_.troubles["_dmarc.example.com"] = "no answer";
  EXPECT_TRUE(check_aligned("news.example.com").empty());
  expect_only(check({"news.example.com", {"example.com"}, {"news.example.com"}}), Severity::unknown,
              "no answer");
  expect_only(check({"news.example.com", {"example.net"}, {"news.example.com"}}), Severity::broken,
              "do not count");
  dns_.troubles = {{"_dmarc.other.example.com", "no answer"}};
  put("_dmarc.example.com", "v=DMARC1; p=none");
  expect_only(check({"news.example.com", {"other.example.com"}, {"news.example.com"}}), Severity::unknown,
              "could not be found out");
}

TEST_F(DmarcFindings, without_an_answer_it_is_unknown_whether_np_applies) {
  put("_dmarc.example.com", "v=DMARC1; p=none; np=reject");
  dns_.troubles["news.example.com"] = "no answer";
  expect_only(check_aligned("news.example.com"), Severity::unknown, "whether it exists");
}

TEST_F(DmarcFindings, addresses_of_another_organization_need_its_consent) {
  put("_dmarc.example.com", "v=DMARC1; p=none; rua=mailto:a@mail.example.com,mailto:b@example.com");
  EXPECT_TRUE(check_aligned("example.com").empty());
  for (const char* tag : {"rua", "ruf"}) {
    dns_.records.clear();
    put("_dmarc.example.com", "v=DMARC1; p=none; " + std::string(tag) + "=mailto:b@reports.example");
    const auto findings = check_aligned("news.example.com");
    expect_only(findings, Severity::risk, "reports do not go to reports.example (" + std::string(tag) + "=)");
    // The domain that has the record counts (RFC 9990), not the author domain.
    EXPECT_EQ(
        findings.front().paste,
        std::vector<std::string>{"example.com._report._dmarc.reports.example. 3600 IN TXT \"v=DMARC1\""});
    put("example.com._report._dmarc.reports.example", "p=none");
    EXPECT_FALSE(check_aligned("news.example.com").empty());
    put("example.com._report._dmarc.reports.example", "v=DMARC1;");
    EXPECT_TRUE(check_aligned("news.example.com").empty());
  }
}

TEST_F(DmarcFindings, an_address_whose_consent_does_not_fit_into_dns_gets_no_reports) {
  const std::string label(60, 'a');
  const std::string domain = label + "." + label + ".example.com";
  put("_dmarc." + domain, "v=DMARC1; p=none; rua=mailto:a@" + label + "." + label + ".example.net");
  expect_only(check_aligned(domain), Severity::risk, "too long a name");
}

TEST_F(DmarcFindings, a_record_at_another_name_is_pointed_out) {
  put("example.com", "v=DMARC1; p=none");
  expect_only(check_aligned("example.com"), Severity::risk, "but one at example.com itself");
  dns_.records.clear();
  put("_dmarc.example.com.example.com", "v=DMARC1; p=none");
  expect_only(check_aligned("example.com"), Severity::risk, "with the domain twice");
  dns_.records.clear();
  const auto findings = check_aligned("example.com");
  expect_only(findings, Severity::risk, "no DMARC record, here or at any name above");
  EXPECT_EQ(findings.front().paste,
            std::vector<std::string>{
                "_dmarc.example.com. 3600 IN TXT \"v=DMARC1; p=none; rua=mailto:postmaster@example.com\""});
}

TEST_F(DmarcFindings, policies_without_effect_are_noted) {
  put("_dmarc.example.com", "v=DMARC1; p=none");
  put("_dmarc.news.example.com", "v=DMARC1; p=none; sp=reject");
  expect_only(check_aligned("news.example.com"), Severity::note, "sp= and np= have no effect here");
}

TEST_F(DmarcFindings, the_record_of_a_public_suffix_is_not_the_domains_own) {
  put("_dmarc.bank", "v=DMARC1; p=reject; psd=y; rua=mailto:a@registry.example");
  expect_only(check_aligned("giant.bank"), Severity::note, "because giant.bank has none of its own");
}

TEST_F(DmarcFindings, a_record_without_effect_is_reported_beside_the_one_above) {
  put("_dmarc.example.com", "v=DMARC1; p=none");
  put("_dmarc.news.example.com", "v=DMARC1; p=none");
  put("_dmarc.news.example.com", "v=DMARC1; p=reject");
  expect_only(check_aligned("news.example.com"), Severity::risk, "is there 2 times");
}

}  // namespace
}  // namespace dkim::keytool
