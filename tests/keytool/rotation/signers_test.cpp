// Tests the gates of a fleet by rows: a manifest, what DNS shows and which machines are behind go in; a plan
// comes out. Then the words in which it names machines.
#include <gtest/gtest.h>

#include "keytool/keys/signer_text.hpp"
#include "tests/keytool/rotation/plan_text.hpp"
#include "tests/keytool/rotation/rotation_fixture.hpp"

namespace dkim::keytool {
namespace {

using namespace rotation_test;
using crypto::LaggingSigner;
using crypto::SignerView;

const SignerView nobody{true, {}};
const LaggingSigner catches_up{.host = "mx1", .last_seen = noon - 5s, .lease_end = noon + days(30)};
const LaggingSigner silent{.host = "mx2", .last_seen = noon - 1h, .lease_end = noon + days(29)};
const LaggingSigner gone{
    .host = "mx3", .last_seen = noon - days(20), .lease_end = noon + days(10), .left = true};
const LaggingSigner refuses{
    .host = "mx4", .last_seen = noon - 5s, .lease_end = noon + days(30), .refusal = "no key opens"};

SignerView fleet(std::vector<LaggingSigner> behind) {
  return {true, std::move(behind)};
}

// A fleet that moves a domain on has keys that signed.
KeyEntry stopped(KeyEntry entry, UtcTime since) {
  return with(std::move(entry), &KeyEntry::stopped, since);
}

Manifest slotted(std::vector<KeyEntry> keys, bool closed = false) {
  Manifest out = manifest(std::move(keys));
  for (const auto* name : {"s1", "s2"})
    out.slots.push_back({selector(name), Algorithm::rsa, "", closed});
  return out;
}

DnsView shows(const std::string& name, State state) {
  return {{selector(name), view(state)}};
}

class SignerRule : public testing::TestWithParam<PlanRow> {};

TEST_P(SignerRule, gives_its_plan) {
  const auto& row = GetParam();
  EXPECT_EQ(text_of(plan_rotation(row.manifest, row.dns, row.signers, noon, {}, row.request)), row.expected);
}

const auto name_of_row = [](const auto& info) { return info.param.name; };
const RotationRequest all{Replace::all_keys};
const RotationRequest compromised{Replace::all_keys, RetiringKeys::compromised};
const auto proven = with(pending, &KeyEntry::published, noon - 1h);

INSTANTIATE_TEST_SUITE_P(Activation, SignerRule,
                         testing::Values(PlanRow{"first_key_that_all_hold",
                                                 manifest({pending}),
                                                 shows("p", State::right),
                                                 {},
                                                 "activate p; ",
                                                 nobody},
                                         PlanRow{"first_key_that_one_lacks",
                                                 manifest({pending}),
                                                 shows("p", State::right),
                                                 {},
                                                 "wait p (signers); ",
                                                 fleet({catches_up})},
                                         PlanRow{"of_a_successor_that_all_hold",
                                                 manifest({active, proven}),
                                                 shows("p", State::right),
                                                 {},
                                                 "activate p retire a; ",
                                                 nobody},
                                         PlanRow{"of_a_successor_that_one_lacks",
                                                 manifest({active, proven}),
                                                 shows("p", State::right),
                                                 {},
                                                 "wait p (signers); ",
                                                 fleet({gone, silent})},
                                         PlanRow{"of_a_successor_that_one_refuses",
                                                 manifest({active, proven}),
                                                 shows("p", State::right),
                                                 {},
                                                 "wait p (signers); ",
                                                 fleet({refuses})},
                                         PlanRow{"does_not_wait_for_one_that_left",
                                                 manifest({active, proven}),
                                                 shows("p", State::right),
                                                 {},
                                                 "activate p retire a; ",
                                                 fleet({gone})},
                                         PlanRow{"does_not_leave_a_compromised_key_signing_everywhere",
                                                 manifest({active, proven}), shows("p", State::right),
                                                 compromised, "activate p retire a; ", fleet({silent})},
                                         PlanRow{"publishes_while_one_is_behind",
                                                 manifest({active, pending}),
                                                 shows("p", State::missing),
                                                 {},
                                                 "publish p; wait p (somebody); ",
                                                 fleet({silent})},
                                         PlanRow{"notes_the_record_while_one_is_behind",
                                                 manifest({active, pending}),
                                                 shows("p", State::right),
                                                 {},
                                                 "seen p; ",
                                                 fleet({silent})}),
                         name_of_row);

const auto drained = with(retiring, &KeyEntry::retired, noon - days(20));

INSTANTIATE_TEST_SUITE_P(
    Drain, SignerRule,
    testing::Values(
        PlanRow{"of_one_machine_counts_from_retirement",
                manifest({with(stopped(retiring, noon), &KeyEntry::retired, noon - days(7))}),
                {},
                {},
                "revoke r; "},
        PlanRow{"begins_when_all_have_stopped", manifest({drained}), {}, {}, "stopped r; ", nobody},
        PlanRow{"counts_from_there",
                manifest({stopped(drained, noon - days(7) + 1s)}),
                {},
                {},
                "wait r until 2026-11-24T12:00:01Z; ",
                nobody},
        PlanRow{"is_over", manifest({stopped(drained, noon - days(7))}), {}, {}, "revoke r; ", nobody},
        PlanRow{"is_over_for_one_that_fell_behind_later",
                manifest({stopped(drained, noon - days(7))}),
                {},
                {},
                "revoke r; ",
                fleet({silent})},
        PlanRow{"counts_from_the_later_clock",
                manifest({stopped(with(retiring, &KeyEntry::retired, noon - days(6)), noon - days(8))}),
                {},
                {},
                "wait r until 2026-11-25T12:00:00Z; ",
                nobody},
        PlanRow{"waits_for_one_that_catches_up",
                manifest({with(retiring, &KeyEntry::retired, noon - 10s)}),
                {},
                {},
                "wait r; ",
                fleet({catches_up})},
        PlanRow{"waits_for_one_that_is_silent",
                manifest({with(retiring, &KeyEntry::retired, noon - 10s)}),
                {},
                {},
                "wait r (signers); ",
                fleet({catches_up, silent})},
        PlanRow{"waits_for_one_that_does_not_get_on",
                manifest({drained}),
                {},
                {},
                "wait r (signers); ",
                fleet({catches_up})},
        PlanRow{"waits_for_one_that_refuses",
                manifest({with(retiring, &KeyEntry::retired, noon - 10s)}),
                {},
                {},
                "wait r (signers); ",
                fleet({refuses})},
        PlanRow{"waits_for_the_lease_of_one_that_left",
                manifest({drained}),
                {},
                {},
                "wait r until 2026-12-04T12:00:00Z; ",
                fleet({gone})},
        PlanRow{"of_compromised_keys_waits_for_nobody",
                manifest({active, drained}),
                {},
                compromised,
                "make a-20261124; revoke r; ",
                fleet({silent, gone})}),
    name_of_row);

const auto long_revoked = with(revoked, &KeyEntry::revoked, noon - days(30));
const auto never_signed = [] {
  auto entry = long_revoked;
  entry.activated.reset();
  return entry;
}();
const auto slot_of_old = [] {
  auto entry = with(key("s2", KeyState::revoked), &KeyEntry::revoked, noon - days(30));
  entry.memory = 1h;
  return with(entry, &KeyEntry::emptied, noon - 2h);
}();
const auto slot_drains = with(key("s2", KeyState::retiring), &KeyEntry::retired, noon - 10s);

INSTANTIATE_TEST_SUITE_P(Revoked, SignerRule,
                         testing::Values(PlanRow{"is_emptied_and_names_who_may_sign",
                                                 manifest({revoked}),
                                                 shows("v", State::right),
                                                 {},
                                                 "empty v; wait v (signers); wait v (somebody); ",
                                                 fleet({silent})},
                                         PlanRow{"notes_that_all_have_stopped",
                                                 manifest({revoked}),
                                                 shows("v", State::revoked),
                                                 {},
                                                 "stopped v; wait v until 2026-12-23T12:00:00Z; ",
                                                 nobody},
                                         PlanRow{"never_signed",
                                                 manifest({never_signed}),
                                                 shows("v", State::missing),
                                                 {},
                                                 "forget v; ",
                                                 fleet({silent})},
                                         PlanRow{"keeps_its_record_while_one_may_sign",
                                                 manifest({long_revoked}),
                                                 shows("v", State::revoked),
                                                 {},
                                                 "wait v (signers); ",
                                                 fleet({silent})},
                                         PlanRow{"keeps_its_record_while_one_that_left_may",
                                                 manifest({long_revoked}),
                                                 shows("v", State::revoked),
                                                 {},
                                                 "wait v until 2026-12-04T12:00:00Z (signers); ",
                                                 fleet({gone})},
                                         PlanRow{"loses_its_record_then",
                                                 manifest({stopped(long_revoked, noon - days(2))}),
                                                 shows("v", State::revoked),
                                                 {},
                                                 "remove v; wait v (somebody); ",
                                                 fleet({silent})},
                                         PlanRow{"keeps_its_slot_while_one_may_sign",
                                                 slotted({slot_of_old}),
                                                 shows("s2", State::revoked),
                                                 {},
                                                 "wait s2 (signers); ",
                                                 fleet({silent})},
                                         PlanRow{"keeps_its_slot_though_compromised",
                                                 slotted({key("s1", KeyState::active), slot_of_old}),
                                                 shows("s2", State::revoked), compromised,
                                                 "wait s1 (somebody); wait s2 (signers); ", fleet({silent})},
                                         PlanRow{"frees_its_slot_then",
                                                 slotted({stopped(slot_of_old, noon - days(1))}),
                                                 shows("s2", State::revoked),
                                                 {},
                                                 "forget s2; ",
                                                 fleet({silent})},
                                         PlanRow{"keeps_a_closed_slot",
                                                 slotted({slot_of_old}, true),
                                                 shows("s2", State::revoked),
                                                 {},
                                                 "wait s2 (signers); ",
                                                 fleet({silent})}),
                         name_of_row);

std::string reason(const Manifest& keys, const DnsView& dns, const SignerView& signers,
                   const RotationRequest& request = {}) {
  const auto plan = plan_rotation(keys, dns, signers, noon, {}, request);
  return plan.waiting.empty() ? "" : plan.waiting.front().reason;
}

TEST(SignerText, NamesEachMachineAndSinceWhen) {
  EXPECT_EQ(
      reason(manifest({active, proven}), shows("p", State::right), fleet({silent})),
      "every server serves its record, but a machine does not have the key yet: mx2 (last contact "
      "2026-11-24T11:00:00Z); it goes on when the agent there has caught up; if the machine is gone for "
      "good: dkimkey fleet leave mx2");
  EXPECT_EQ(reason(manifest({active, proven}), shows("p", State::right), fleet({silent, gone, refuses})),
            "every server serves its record, but some machines do not have the key yet: mx2 (last contact "
            "2026-11-24T11:00:00Z), mx4 (last contact 2026-11-24T11:59:55Z; it refuses the domain: no key "
            "opens); it goes on when the agent there has caught up; if they are gone for good: dkimkey fleet "
            "leave HOST");
  EXPECT_EQ(reason(manifest({drained}), {}, fleet({{.host = "new"}, gone})),
            "the drain begins when no machine signs with it any more; until then: new (no contact yet), mx3 "
            "(has left; may sign until 2026-12-04T12:00:00Z)");
  EXPECT_EQ(reason(manifest({revoked}), shows("v", State::revoked), fleet({silent})),
            "it is revoked, but may still sign mail on mx2 (last contact 2026-11-24T11:00:00Z); stop that "
            "there (systemctl stop dkimsignd), or if the machine is gone for good: dkimkey fleet leave mx2");
  EXPECT_EQ(
      reason(manifest({revoked}), shows("v", State::revoked), fleet({gone})),
      "it is revoked, but may still sign mail on mx3 (has left; may sign until 2026-12-04T12:00:00Z); stop "
      "that there (systemctl stop dkimsignd)");
}

TEST(SignerText, SaysWhichMachinesHoldASlot) {
  EXPECT_NE(reason(slotted({key("s1", KeyState::active), slot_drains}), {}, fleet({silent}), all)
                .find("; longer while a machine may sign with the last key of s2: mx2 (last contact"),
            std::string::npos);
  EXPECT_EQ(
      reason(slotted({key("s1", KeyState::active), stopped(slot_drains, noon)}), {}, fleet({silent}), all)
          .find("longer while"),
      std::string::npos);
}

// A person who may write to the database chooses these.
TEST(SignerText, IsNotFooledByNames) {
  LaggingSigner hostile = silent;
  hostile.host = "mx2; rm -rf /\n\x1b[2J" + std::string(500, 'x');
  hostile.refusal = "\r\nwaits    nothing\x80" + std::string(5000, 'y');
  const auto text = reason(manifest({active, proven}), shows("p", State::right), fleet({hostile}));
  EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; })) << text;
  EXPECT_LT(text.size(), 1000);
  EXPECT_NE(text.find("mx2; rm -rf /\\x0a\\x1b[2J"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("dkimkey fleet leave HOST")) << text;
  hostile.host = "--keep";
  EXPECT_TRUE(reason(manifest({active, proven}), shows("p", State::right), fleet({hostile}))
                  .ends_with("dkimkey fleet leave HOST"));
}

TEST(SignerText, NamesSomeOfMany) {
  std::vector<LaggingSigner> many;
  for (int n = 0; n < 500; ++n)
    many.push_back({.host = "mx" + std::to_string(n), .last_seen = noon - 1h});
  const auto text = names_text(many);
  EXPECT_NE(text.find("mx4 (last contact 2026-11-24T11:00:00Z) and 495 more"), std::string::npos) << text;
  EXPECT_EQ(text.find("mx5"), std::string::npos) << text;
}

}  // namespace
}  // namespace dkim::keytool
