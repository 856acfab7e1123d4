// Tests the checks of DNS in cases that are hard to produce with a real server; doctor_dns_test.py has the
// others.
#include <gtest/gtest.h>

#include "keytool/doctor/domain/address_checks.hpp"
#include "keytool/doctor/domain/dmarc_check.hpp"
#include "keytool/doctor/domain/spf_check.hpp"
#include "keytool/spf/record.hpp"
#include "tests/keytool/table_lookup.hpp"

namespace dkim::keytool {
namespace {

using test::TableLookup;

std::string widened(const std::string& text, const std::string& terms = "ip4:192.0.2.1") {
  return spf::with_terms(text, *spf::parse_record(text), terms);
}

TEST(SpfWithTerms, puts_them_where_they_take_effect) {
  EXPECT_EQ(widened("v=spf1 mx -all"), "v=spf1 mx ip4:192.0.2.1 -all");
  EXPECT_EQ(widened("v=spf1"), "v=spf1 ip4:192.0.2.1");
  EXPECT_EQ(widened("v=spf1 mx  "), "v=spf1 mx ip4:192.0.2.1");
  EXPECT_EQ(widened("v=spf1  ~all  exp=a.example"), "v=spf1 ip4:192.0.2.1 ~all  exp=a.example");
  EXPECT_EQ(widened("v=spf1 mx redirect=example.net"), "v=spf1 mx ip4:192.0.2.1 redirect=example.net");
  EXPECT_EQ(widened("v=spf1 mx -ip4:192.0.2.0/24 ~all"), "v=spf1 ip4:192.0.2.1 mx -ip4:192.0.2.0/24 ~all");
  EXPECT_EQ(widened("v=spf1 -all mx"), "v=spf1 ip4:192.0.2.1 -all mx");
}

class DomainChecks : public testing::Test {
 protected:
  DomainChecks() {
    dns_.records[{"example.com", RecordType::txt}] = {"v=spf1 a:mail.example.com -all"};
    dns_.records[{"_dmarc.example.com", RecordType::txt}] = {
        "v=DMARC1; p=reject; rua=mailto:x@reports.example"};
    dns_.records[{"example.com._report._dmarc.reports.example", RecordType::txt}] = {"v=DMARC1"};
    dns_.records[{"1.2.0.192.in-addr.arpa", RecordType::ptr}] = {"mail.example.com"};
    dns_.records[{"mail.example.com", RecordType::a}] = {"192.0.2.1"};
    dns_.records[{"example.com", RecordType::mx}] = {"mail.example.com"};
  }

  Findings check() {
    Findings all;
    for (auto& part :
         {check_spf(dns_, {"example.com", {"192.0.2.1"}, relay_, "mail.example.com"}),
          check_dmarc(dns_, {"example.com", {"example.com"}, {"example.com"}}),
          check_reverse(dns_, {"192.0.2.1"}, "mail.example.com"), check_receiving(dns_, "example.com")}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }

  TableLookup dns_;
  std::string relay_;
};

TEST_F(DomainChecks, find_nothing_wrong_in_a_healthy_domain) {
  for (const auto& finding : check())
    EXPECT_EQ(finding.severity, Severity::good) << finding.topic << ": " << finding.what;
}

// If one name has no answer, something is unknown, but nothing is missing.
TEST_F(DomainChecks, report_no_answer_as_unknown) {
  for (const char* name : {"example.com", "_dmarc.example.com", "example.com._report._dmarc.reports.example",
                           "1.2.0.192.in-addr.arpa", "mail.example.com"}) {
    dns_.troubles = {{name, "no answer"}};
    unsigned unknown = 0;
    for (const auto& finding : check()) {
      if (finding.severity == Severity::good) continue;
      EXPECT_EQ(finding.severity, Severity::unknown) << name << ": " << finding.topic << ": " << finding.what;
      EXPECT_NE(finding.what.find("no answer"), std::string::npos) << finding.what;
      ++unknown;
    }
    EXPECT_GE(unknown, 1U) << name;
  }
  relay_ = "relay.example.net";
  dns_.troubles = {{relay_, "no answer"}};
  EXPECT_EQ(check().front().severity, Severity::unknown);
}

// A relay seldom sends only from the addresses at which it accepts mail: a record of these must not end in
// -all.
TEST_F(DomainChecks, suggest_no_hard_record_for_a_relay) {
  relay_ = "relay.example.net";
  dns_.records[{relay_, RecordType::a}] = {"203.0.113.6"};
  dns_.records.erase({"example.com", RecordType::txt});
  const auto finding = check().front();
  EXPECT_EQ(finding.paste,
            std::vector<std::string>{"example.com. 3600 IN TXT \"v=spf1 a:relay.example.net ~all\""});
  EXPECT_NE(finding.advice.find("provider"), std::string::npos) << finding.advice;
}

TEST_F(DomainChecks, suggest_no_hard_record_while_an_address_is_unknown) {
  dns_.records.erase({"example.com", RecordType::txt});
  const auto findings = check_spf(dns_, {"example.com", {"192.0.2.1"}, "", "mail.example.com", true});
  EXPECT_EQ(findings.at(0).paste,
            std::vector<std::string>{"example.com. 3600 IN TXT \"v=spf1 ip4:192.0.2.1 ~all\""});
}

// Behind a filter on this host or a smarthost at home, receivers see neither that address nor ours.
TEST_F(DomainChecks, suggest_no_record_for_a_private_relay) {
  for (const char* relay : {"127.0.0.1", "::1", "192.168.1.1", "172.31.0.9", "fd00::1", "smarthost.lan"}) {
    relay_ = relay;
    dns_.records[{"smarthost.lan", RecordType::a}] = {"10.0.0.9"};
    for (const auto* record : {"v=spf1 ip4:203.0.113.1 -all", ""}) {
      dns_.records[{"example.com", RecordType::txt}] = {record};
      const auto finding = check().front();
      EXPECT_EQ(finding.severity, *record == 0 ? Severity::risk : Severity::unknown) << relay;
      EXPECT_TRUE(finding.paste.empty()) << relay << ": " << finding.paste.front();
    }
  }
}

// The faulty record is reported rather than a missing one: somebody might paste a second record beside it.
TEST_F(DomainChecks, report_records_that_receivers_ignore) {
  const std::vector<std::pair<const char*, const char*>> records{
      {"\"v=DMARC1; p=none\"", "begins with a quotation mark"},
      {"v=DMARC1 p=none", "has no semicolon after v=DMARC1"},
      {"V=dmarc1; p=none", "spell its version exactly as v=DMARC1"},
      {" v=DMARC1, p=none", "begins with white space"},
      {"p=none; v=DMARC1", "does not begin with v=DMARC1;"}};
  for (const auto& [text, words] : records) {
    dns_.records[{"_dmarc.example.com", RecordType::txt}] = {text};
    const auto findings = check_dmarc(dns_, {"example.com", {"example.com"}, {"example.com"}});
    EXPECT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings.at(0).severity, Severity::risk);
    EXPECT_NE(findings.at(0).what.find(words), std::string::npos) << findings.at(0).what;
    EXPECT_TRUE(findings.at(0).paste.empty());
  }
  for (const auto* text : {"\"v=spf1 -all\"", "v=spf1; -all", " v=spf1 -all", "spf1=v"}) {
    dns_.records[{"example.com", RecordType::txt}] = {text};
    const auto finding = check().front();
    EXPECT_EQ(finding.severity, Severity::risk);
    EXPECT_EQ(finding.what.find("does not begin with v=spf1 and a space") == std::string::npos,
              text == std::string("spf1=v"))
        << finding.what;
  }
}

TEST_F(DomainChecks, escape_what_comes_from_dns) {
  dns_.records[{"example.com", RecordType::txt}] = {"v=spf1 \x1b[2J\n -all"};
  dns_.records[{"_dmarc.example.com", RecordType::txt}] = {"v=DMARC1; p=\x1b[2J"};
  dns_.records[{"1.2.0.192.in-addr.arpa", RecordType::ptr}] = {"\x1b[2J"};
  dns_.records[{"example.com", RecordType::mx}] = {"\x1b[2J"};
  dns_.records[{"\x1b[2J", RecordType::a}] = {"192.0.2.7"};
  for (const auto& finding : check()) {
    EXPECT_EQ(finding.what.find_first_of("\x1b\n"), std::string::npos) << finding.topic;
    EXPECT_NE(finding.what.find("x1b"), std::string::npos) << finding.topic << ": " << finding.what;
  }
}

}  // namespace
}  // namespace dkim::keytool
