// Tests what doctor says of this machine's fleet.
#include "keytool/doctor/host/fleet_check.hpp"

#include <gtest/gtest.h>

namespace dkim::keytool {
namespace {

const crypto::UtcTime now = *crypto::parse_utc_time("2026-11-27T12:00:00Z");

FleetFacts facts() {
  FleetFacts facts;
  facts.host = "mx1";
  facts.contact = now;
  facts.others = 2;
  return facts;
}

Finding only(const FleetFacts& facts) {
  const auto findings = check_fleet(facts, now);
  EXPECT_EQ(findings.size(), 1u);
  return findings.at(0);
}

TEST(FleetCheck, AllIsWell) {
  const auto finding = only(facts());
  EXPECT_EQ(finding.severity, Severity::good);
  EXPECT_EQ(finding.topic, "fleet");
  EXPECT_EQ(finding.subject, "mx1");
}

TEST(FleetCheck, WithoutTheDatabaseNothingElseIsSaid) {
  auto away = facts();
  away.trouble = "cannot be reached";
  away.lag = 3;
  const auto finding = only(away);
  EXPECT_EQ(finding.severity, Severity::risk);
  EXPECT_NE(finding.what.find("cannot be reached"), std::string::npos);
}

TEST(FleetCheck, AMembershipThatCannotBeRead) {
  auto unknown = facts();
  unknown.unknown = "/etc/dkimsignd/keys/.fleet:1: syntax error";
  unknown.membership_file = "/etc/dkim signd/.fleet";
  auto finding = only(unknown);
  EXPECT_EQ(finding.severity, Severity::risk);
  EXPECT_TRUE(finding.what.ends_with(unknown.unknown)) << finding.what;
  EXPECT_EQ(finding.paste,
            (std::vector<std::string>{"rm '/etc/dkim signd/.fleet'", "dkimkey fleet join --take-name"}));
  // Only root can see it, so this user gets no advice.
  unknown.is_denied = true;
  finding = only(unknown);
  EXPECT_EQ(finding.severity, Severity::unknown);
  EXPECT_TRUE(finding.paste.empty());
}

TEST(FleetCheck, AnAgentThatDoesNotRun) {
  auto silent = facts();
  silent.contact = now - std::chrono::minutes(11);
  silent.lag = 3;
  const auto finding = only(silent);
  EXPECT_EQ(finding.severity, Severity::risk);
  EXPECT_EQ(finding.paste.back(), "systemctl enable --now dkimkey-fleet");
  silent.contact = now;
  EXPECT_EQ(only(silent).severity, Severity::note);
}

TEST(FleetCheck, AMachineThatHasLeft) {
  auto left = facts();
  left.is_unknown = true;
  EXPECT_EQ(only(left).paste, std::vector<std::string>{"dkimkey fleet join"});
}

TEST(FleetCheck, OthersThatLag) {
  auto others = facts();
  others.lagging = {"mx2\x1b", "b", "c", "d", "e", "f"};
  const auto finding = only(others);
  EXPECT_EQ(finding.severity, Severity::risk);
  EXPECT_TRUE(finding.what.ends_with("mx2\\x1b, b, c, d, e and 1 more")) << finding.what;
  others.refused = 2;
  EXPECT_EQ(check_fleet(others, now).size(), 2u);
}

}  // namespace
}  // namespace dkim::keytool
