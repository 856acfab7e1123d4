// Tests in which state a machine is, for which machines a domain's state waits, and what a key waits for.
#include "keytool/fleet/status.hpp"

#include <gtest/gtest.h>

#include "tests/crypto/test_store.hpp"

namespace dkim::keytool::fleet {
namespace {

using crypto::KeyState;
using std::chrono::hours;
using std::chrono::seconds;
using test::selector;

const crypto::UtcTime now = *crypto::parse_utc_time("2026-11-27T12:00:00Z");
constexpr seconds drain = std::chrono::days(7);

SignerRow signer(std::string host, std::int64_t applied) {
  return {std::move(host), "1", applied, now - seconds(5), now + hours(24), {}, "", 0};
}

TEST(SignerState, of_a_machine) {
  auto row = signer("mx1", 7);
  EXPECT_EQ(state_of(row, 7, now), SignerState::current);
  EXPECT_EQ(state_of(row, 8, now), SignerState::behind);
  row.last_seen = now - longest_silence - seconds(1);
  EXPECT_EQ(state_of(row, 7, now), SignerState::silent);
  row.lease_end = now;
  EXPECT_EQ(state_of(row, 7, now), SignerState::over);
  row.left = now - hours(1);
  EXPECT_EQ(state_of(row, 7, now), SignerState::left);
  row.lease_end = now + seconds(1);
  EXPECT_EQ(state_of(row, 7, now), SignerState::leaving);
  EXPECT_EQ(state_of({"mx2", "", 0, {}, now, {}, "", 0}, 7, now), SignerState::never);
}

TEST(Behind, machines_that_do_not_hold_a_state) {
  auto left = signer("left", 1);
  left.left = now;
  auto gone = left;
  gone.host = "gone";
  gone.lease_end = now;
  const std::vector<SignerRow> signers{signer("late", 1), signer("refuses", 9), signer("well", 5), left,
                                       gone};
  const std::vector<RefusedRow> refusals{{"refuses", "a.example", "why"},
                                         {"well", "b.example", "another domain"}};
  const auto lagging = behind(signers, refusals, "a.example", 5, now);
  ASSERT_EQ(lagging.size(), 3u);
  EXPECT_EQ(lagging[0].host, "late");
  EXPECT_EQ(lagging[1].refusal, "why");
  EXPECT_TRUE(lagging[2].left);
}

crypto::KeyEntry entry(KeyState state) {
  return {selector("s"), crypto::Algorithm::rsa, 2048, state, now - hours(100)};
}

const std::vector<crypto::LaggingSigner> nobody;

TEST(OnItsWay, a_pending_key) {
  auto key = entry(KeyState::pending);
  EXPECT_EQ(on_its_way("a.example", key, nobody, drain)->waits_for, "its record, on every name server");
  key.published = now;
  EXPECT_EQ(on_its_way("a.example", key, nobody, drain)->waits_for,
            "resolvers that remember an older answer; its record has been there since 2026-11-27T12:00:00Z");
  const auto waits =
      on_its_way("a.example", key, {{"mx2", now, now, false, ""}, {"mx3", now, now, true, ""}}, drain);
  EXPECT_EQ(waits->waits_for, "mx2 (last seen 2026-11-27T12:00:00Z), to get it")
      << "a machine that left gets nothing";
  EXPECT_TRUE(waits->is_for_machine);
}

TEST(OnItsWay, a_retiring_key) {
  auto key = entry(KeyState::retiring);
  const auto waits = on_its_way("a.example", key, {{"mx2", now, now + hours(1), true, ""}}, drain);
  EXPECT_EQ(waits->waits_for, "mx2 (left, may sign until 2026-11-27T13:00:00Z), to stop using it");
  EXPECT_EQ(on_its_way("a.example", key, nobody, drain)->waits_for,
            "dkimkey rotate, to note that no machine uses it any more");
  key.stopped = now;
  const auto drains = on_its_way("a.example", key, {{"mx2", now, now, false, ""}}, drain);
  EXPECT_EQ(drains->waits_for, "mail on its way, until 2026-12-04T12:00:00Z");
  EXPECT_FALSE(drains->is_for_machine) << "what the machine lacks is a later change";
}

TEST(OnItsWay, a_revoked_key_that_somebody_may_still_use) {
  auto key = entry(KeyState::revoked);
  EXPECT_FALSE(on_its_way("a.example", key, nobody, drain));
  const auto waits = on_its_way("a.example", key, {{"mx2", now, now + hours(1), true, ""}}, drain);
  EXPECT_EQ(waits->waits_for,
            "mx2 (left, may sign until 2026-11-27T13:00:00Z), which may still sign with it");
  EXPECT_FALSE(on_its_way("a.example", entry(KeyState::active), {{"mx2", now, now, false, ""}}, drain));
}

TEST(OnItsWay, names_are_bounded_and_escaped) {
  std::vector<crypto::LaggingSigner> many(1000, {"mx\x1b[31m\n", {}, {}, false, "no"});
  const auto text = on_its_way("a.example", entry(KeyState::pending), many, drain)->waits_for;
  EXPECT_LT(text.size(), 500u);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_NE(text.find("and 995 more"), std::string::npos);
}

TEST(FleetHealth, of_the_whole) {
  FleetStatus status;
  EXPECT_EQ(health_of(status), FleetHealth::well);
  status.signers.push_back({signer("mx1", 1), SignerState::current, 0, {}, true});
  status.keys.push_back({"a.example", "s", "rsa", "pending", "its record", false});
  EXPECT_EQ(health_of(status), FleetHealth::well) << "every key waits for DNS";
  status.keys.back().is_for_machine = true;
  EXPECT_EQ(health_of(status), FleetHealth::waits);
  status.keys.clear();
  status.signers.back().state = SignerState::silent;
  EXPECT_EQ(health_of(status), FleetHealth::waits);
  status.refusals.push_back({"mx1", "a.example", "why"});
  EXPECT_EQ(health_of(status), FleetHealth::refuses);
}

}  // namespace
}  // namespace dkim::keytool::fleet
