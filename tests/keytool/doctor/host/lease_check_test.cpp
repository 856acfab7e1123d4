// Tests what doctor says of the lease of a machine that belongs to a fleet.
#include "keytool/doctor/host/lease_check.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "crypto/store/membership.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::keytool {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

const crypto::UtcTime now = *crypto::parse_utc_time("2026-11-27T12:00:00Z");

class LeaseCheckTest : public testing::Test {
 protected:
  LeaseCheckTest() { chmod(store_.path("").c_str(), 0755); }

  void join(crypto::UtcTime contact) {
    crypto::write_membership(store_.store(), {.fleet = "0b0e1f5c-8d8a-4b54-9b60-0d9a3c1f2e77",
                                              .host = "mx1",
                                              .sequence = 0,
                                              .mark = "",
                                              .contact = contact});
  }

  Finding only_finding(const std::optional<Credentials>& daemon = std::nullopt) {
    const auto findings = check_lease(store_.store(), now, daemon);
    EXPECT_EQ(findings.size(), 1U);
    if (findings.empty()) return {};
    EXPECT_EQ(findings[0].topic, "lease");
    EXPECT_EQ(findings[0].subject, store_.path(".lease").string());
    return findings[0];
  }

  test::TestStore store_;
};

TEST_F(LeaseCheckTest, HasNothingToSayOfAStoreOfOneMachine) {
  EXPECT_TRUE(check_lease(store_.store(), now, std::nullopt).empty());
}

TEST_F(LeaseCheckTest, SaysHowLongTheMachineMaySign) {
  join(now - minutes(1));
  const auto text = [&](std::chrono::seconds remaining) {
    crypto::write_lease(store_.store(), now + remaining);
    const auto finding = only_finding();
    EXPECT_EQ(finding.severity, Severity::good);
    return finding.what;
  };
  EXPECT_EQ(text(days(30)),
            "this machine may sign until 2026-12-27T12:00:00Z, for 30 days without another contact with the "
            "fleet's database");
  EXPECT_NE(text(hours(47)).find("for 47 hours"), std::string::npos);
  EXPECT_NE(text(minutes(119)).find("for 119 minutes"), std::string::npos);
}

TEST_F(LeaseCheckTest, WarnsOfACopyThatIsNotKeptUpToDate) {
  crypto::write_lease(store_.store(), now + days(20));
  join(now - days(1));
  EXPECT_EQ(only_finding().severity, Severity::good);
  join(now - days(1) - minutes(1));
  const auto finding = only_finding();
  EXPECT_EQ(finding.severity, Severity::risk);
  EXPECT_TRUE(finding.what.ends_with("; the last was at 2026-11-26T11:59:00Z")) << finding.what;
}

TEST_F(LeaseCheckTest, NothingSignsAfterItsEnd) {
  join(now);
  crypto::write_lease(store_.store(), now);
  auto finding = only_finding();
  EXPECT_EQ(finding.severity, Severity::broken);
  EXPECT_NE(finding.what.find("is over since 2026-11-27T12:00:00Z"), std::string::npos) << finding.what;
  EXPECT_NE(finding.what.find("no mail is signed here"), std::string::npos) << finding.what;

  std::filesystem::remove(store_.path(".lease"));
  finding = only_finding();
  EXPECT_EQ(finding.severity, Severity::broken);
  EXPECT_NE(finding.what.find("has no lease yet"), std::string::npos) << finding.what;

  test::write_file(store_.path(".lease"), "damaged");
  finding = only_finding();
  EXPECT_EQ(finding.severity, Severity::broken);
  EXPECT_NE(finding.what.find("the lease cannot be read"), std::string::npos) << finding.what;
}

TEST_F(LeaseCheckTest, SigningDoesNotDependOnTheMembershipsContent) {
  crypto::write_lease(store_.store(), now + days(20));
  test::write_file(store_.path(".fleet"), "damaged");
  const auto finding = only_finding();
  EXPECT_EQ(finding.severity, Severity::good);
  EXPECT_EQ(finding.what.find("no mail is signed"), std::string::npos) << finding.what;
}

TEST_F(LeaseCheckTest, TheDaemonMustBeAbleToReadIt) {
  const Credentials daemon{"daemon-user", "daemon-group", 12345, {12345}};
  join(now);
  crypto::write_lease(store_.store(), now + days(1));
  const auto finding = only_finding(daemon);
  EXPECT_EQ(finding.severity, Severity::broken);
  EXPECT_TRUE(finding.what.starts_with("user daemon-user cannot read " + store_.path(".lease").string()))
      << finding.what;
  ASSERT_EQ(finding.paste.size(), 1U);
  ASSERT_EQ(chmod(store_.path(".lease").c_str(), 0644), 0);
  EXPECT_EQ(only_finding(daemon).severity, Severity::good);
}

}  // namespace
}  // namespace dkim::keytool
