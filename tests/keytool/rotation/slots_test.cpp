// Tests the rules for slots by rows: a manifest, what DNS shows and a request go in; a plan comes out.
#include "keytool/keys/slots.hpp"

#include <gtest/gtest.h>

#include "crypto/store/slot_use.hpp"
#include "tests/keytool/rotation/plan_text.hpp"
#include "tests/keytool/rotation/rotation_fixture.hpp"

namespace dkim::keytool {
namespace {

using namespace rotation_test;

Manifest slotted(std::vector<KeyEntry> keys, const std::vector<std::string>& names = {"s1", "s2"}) {
  Manifest out = manifest(std::move(keys));
  for (const auto& name : names)
    out.slots.push_back({selector(name), Algorithm::rsa});
  return out;
}

Manifest closed(Manifest keys) {
  for (auto& slot : keys.slots)
    slot.closed = true;
  return keys;
}

KeyEntry remembered(KeyEntry entry, std::chrono::seconds memory) {
  entry.memory = memory;
  return entry;
}

KeyEntry second_use(KeyEntry entry) {
  entry.use = 2;
  return entry;
}

const auto signs = key("s1", KeyState::active);
const auto drains = key("s2", KeyState::retiring);
const auto is_void = remembered(key("s2", KeyState::revoked), 1h);
// Since the time "forget" is over.
const auto old_void = with(is_void, &KeyEntry::revoked, noon - days(30));
const auto emptied = with(old_void, &KeyEntry::emptied, noon - 1h);
const auto is_free_again = with(emptied, &KeyEntry::forgotten, noon);

DnsView shows(const std::string& name, State state, std::chrono::seconds memory = 1h) {
  return {{selector(name), view(state, memory)}};
}

// Returns a view in which the way to the record is like this.
DnsView by(AliasView::State alias, State state, bool all_answered = true) {
  auto out = view(state);
  out.alias = {alias, "the owner has to act", all_answered};
  return {{selector("s2"), out}};
}

// Returns a view in which one server has the empty record of s2, and another none any more.
DnsView is_going() {
  auto out = view(State::wrong);
  out.only_void = true;
  return {{selector("s2"), out}};
}

class SlotRule : public testing::TestWithParam<PlanRow> {};

TEST_P(SlotRule, gives_its_plan) {
  const auto& row = GetParam();
  EXPECT_EQ(text_of(plan_rotation(row.manifest, row.dns, row.signers, noon, {}, row.request)), row.expected);
}

const auto name_of_row = [](const auto& info) { return info.param.name; };
const RotationRequest all{Replace::all_keys};
const RotationRequest due{Replace::due_keys};
const RotationRequest compromised{Replace::all_keys, RetiringKeys::compromised};
const auto due_key = with(signs, &KeyEntry::activated, noon - days(180));

INSTANTIATE_TEST_SUITE_P(
    Turn, SlotRule,
    testing::Values(
        PlanRow{"goes_into_the_next_slot", slotted({signs}), {}, all, "make s2; "},
        PlanRow{"goes_around", slotted({key("s2", KeyState::active)}), {}, all, "make s1; "},
        PlanRow{"takes_a_free_slot_again", slotted({is_free_again, signs}), shows("s2", State::revoked), all,
                "make s2; "},
        PlanRow{"takes_a_free_slot_without_a_record", slotted({is_free_again, signs}),
                shows("s2", State::missing), all, "make s2; "},
        PlanRow{"takes_no_slot_whose_record_is_back", slotted({is_free_again, signs}),
                shows("s2", State::wrong), all, "unemptied s2; wait s1 (somebody); "},
        PlanRow{"takes_no_slot_that_nobody_answers_for",
                slotted({is_free_again, signs}),
                {{selector("s2"), so_far(State::revoked)}},
                all,
                "wait s1 (somebody); "},
        PlanRow{"takes_no_slot_with_a_record_on_the_way", slotted({is_free_again, signs}),
                by(AliasView::State::wrong, State::revoked), all, "unemptied s2; wait s1 (somebody); "},
        PlanRow{"takes_a_further_slot_instead", slotted({is_free_again, signs}, {"s1", "s2", "s3"}),
                shows("s2", State::wrong), all, "make s3; "},
        PlanRow{
            "of_a_domain_that_moves_to_slots", slotted({key("old", KeyState::active)}), {}, all, "make s1; "},
        PlanRow{"of_a_domain_that_leaves_its_slots", closed(slotted({signs})), {}, all, "make s1-20261124; "},
        PlanRow{"of_another_algorithm_needs_no_slot",
                slotted({signs, key("e", KeyState::active, Algorithm::ed25519)}),
                {},
                all,
                "make s2; make e-20261124; "},
        PlanRow{"waits_for_the_drain_and_the_time_forget",
                slotted({signs, drains}),
                {},
                all,
                "wait s1 until 2026-12-30T12:00:00Z (somebody); wait s2 until 2026-11-30T12:00:00Z; "},
        PlanRow{"waits_for_what_resolvers_remember_if_that_is_longer",
                slotted({signs, remembered(drains, days(40))}),
                {},
                all,
                "wait s1 until 2027-01-09T12:00:00Z (somebody); wait s2 until 2026-11-30T12:00:00Z; "},
        PlanRow{"that_is_due_waits_without_a_person",
                slotted({due_key, drains}),
                {},
                due,
                "wait s1 until 2026-12-30T12:00:00Z; wait s2 until 2026-11-30T12:00:00Z; "},
        PlanRow{"waits_until_the_slot_is_empty", slotted({signs, is_void}), shows("s2", State::wrong), all,
                "empty s2; wait s1 (somebody); wait s2 (somebody); "},
        PlanRow{"waits_until_it_is_forgotten", slotted({signs, remembered(emptied, 3h)}),
                shows("s2", State::revoked), all,
                "wait s1 until 2026-11-24T14:00:00Z (somebody); wait s2 until 2026-11-24T14:00:00Z; "},
        PlanRow{"two_places_take_two_slots",
                slotted({signs, key("s2", KeyState::active)}, {"s1", "s2", "s3", "s4"}),
                {},
                all,
                "make s3; make s4; "},
        PlanRow{"two_places_do_not_take_one_slot",
                slotted({signs, key("s2", KeyState::active)}, {"s1", "s2", "s3"}),
                {},
                all,
                "make s3; wait s2 (somebody); "},
        PlanRow{"begins_only_for_the_keys_it_is_limited_to",
                slotted({signs}),
                {},
                {Replace::all_keys, RetiringKeys::trusted, Selectors{selector("other")}},
                ""}),
    name_of_row);

INSTANTIATE_TEST_SUITE_P(
    Slot, SlotRule,
    testing::Values(
        PlanRow{"is_seen_to_be_empty",
                slotted({signs, is_void}),
                shows("s2", State::revoked),
                {},
                "emptied s2; "},
        PlanRow{"counts_as_empty_without_a_record",
                slotted({signs, is_void}),
                shows("s2", State::missing),
                {},
                "emptied s2; "},
        PlanRow{"counts_as_empty_if_it_is_gone_on_one_server",
                slotted({signs, is_void}),
                is_going(),
                {},
                "emptied s2; "},
        PlanRow{"stays_empty_if_it_is_gone_on_one_server",
                slotted({signs, remembered(emptied, 2h)}),
                is_going(),
                {},
                "wait s2 until 2026-11-24T13:00:00Z; "},
        PlanRow{"counts_as_empty_without_a_cname",
                slotted({signs, is_void}),
                by(AliasView::State::missing, State::revoked),
                {},
                "emptied s2; "},
        PlanRow{"is_not_empty_while_a_server_does_not_answer",
                slotted({signs, is_void}),
                {{selector("s2"), so_far(State::revoked)}},
                {},
                "wait s2 (somebody); "},
        PlanRow{"is_not_empty_if_only_the_cname_is_gone",
                slotted({signs, is_void}),
                by(AliasView::State::missing, State::wrong),
                {},
                "empty s2; wait s2 (somebody); "},
        PlanRow{"is_not_empty_while_a_server_may_have_a_record_on_the_way",
                slotted({signs, is_void}),
                by(AliasView::State::missing, State::revoked, false),
                {},
                "wait s2 (somebody); "},
        PlanRow{"is_not_empty_if_the_owner_has_a_record_there",
                slotted({signs, is_void}),
                by(AliasView::State::wrong, State::revoked),
                {},
                "wait s2 (somebody); "},
        PlanRow{"is_not_empty_if_the_owners_servers_are_silent",
                slotted({signs, is_void}),
                by(AliasView::State::unknown, State::revoked),
                {},
                "wait s2 (somebody); "},
        PlanRow{"is_not_empty_any_more",
                slotted({signs, emptied}),
                shows("s2", State::wrong),
                {},
                "unemptied s2; empty s2; wait s2 (somebody); "},
        PlanRow{"is_not_empty_any_more_on_the_way",
                slotted({signs, emptied}),
                by(AliasView::State::wrong, State::revoked),
                {},
                "unemptied s2; wait s2 (somebody); "},
        PlanRow{"stays_empty_while_a_server_does_not_answer",
                slotted({signs, emptied}),
                {{selector("s2"), so_far(State::revoked)}},
                {},
                "wait s2 (somebody); "},
        PlanRow{"is_free_when_nobody_remembers",
                slotted({signs, emptied}),
                shows("s2", State::revoked),
                {},
                "forget s2; "},
        PlanRow{"is_not_free_a_second_before",
                slotted({signs, remembered(emptied, 1h + 1s)}),
                shows("s2", State::revoked),
                {},
                "wait s2 until 2026-11-24T12:00:01Z; "},
        PlanRow{"is_not_free_before_the_time_forget",
                slotted({signs, with(emptied, &KeyEntry::revoked, noon - days(30) + 1s)}),
                shows("s2", State::revoked),
                {},
                "wait s2 until 2026-11-24T12:00:01Z; "},
        PlanRow{"is_not_looked_at_when_free", slotted({is_free_again, signs}), {}, {}, ""},
        PlanRow{"remembers_the_longest_time",
                slotted({signs}),
                shows("s1", State::right, 5h),
                {},
                "remember s1 18000; "},
        PlanRow{"remembers_what_it_shows_while_it_drains",
                slotted({key("s1", KeyState::retiring), key("s2", KeyState::active)}),
                shows("s1", State::right, 5h),
                {},
                "remember s1 18000; wait s1 until 2026-11-30T12:00:00Z; "},
        PlanRow{"remembers_no_more_than_a_ttl_can_say",
                slotted({signs}),
                shows("s1", State::right, std::chrono::seconds(0xffffffffLL)),
                {},
                "remember s1 2147483647; "},
        PlanRow{
            "keeps_a_longer_time", slotted({remembered(signs, 6h)}), shows("s1", State::right, 5h), {}, ""},
        PlanRow{"was_emptied_by_a_clock_that_ran_ahead",
                slotted({signs, with(old_void, &KeyEntry::emptied, noon + 1h)}),
                shows("s2", State::revoked),
                {},
                "emptied s2; "}),
    name_of_row);

INSTANTIATE_TEST_SUITE_P(
    ClosedSlot, SlotRule,
    testing::Values(PlanRow{"is_emptied_like_another",
                            closed(slotted({key("a", KeyState::active), is_void})),
                            shows("s2", State::wrong),
                            {},
                            "empty s2; wait s2 (somebody); "},
                    PlanRow{"waits_like_another",
                            closed(slotted({key("a", KeyState::active), remembered(emptied, 1h + 1s)})),
                            shows("s2", State::revoked),
                            {},
                            "wait s2 until 2026-11-24T12:00:01Z; "},
                    PlanRow{"loses_its_record_in_the_end",
                            closed(slotted({key("a", KeyState::active), emptied})),
                            shows("s2", State::revoked),
                            {},
                            "remove s2; wait s2 (somebody); "},
                    PlanRow{"waits_while_its_record_goes",
                            closed(slotted({key("a", KeyState::active), emptied})),
                            is_going(),
                            {},
                            "remove s2; wait s2 (somebody); "},
                    PlanRow{"is_forgotten_without_a_record",
                            closed(slotted({key("a", KeyState::active), emptied})),
                            shows("s2", State::missing),
                            {},
                            "forget s2; "},
                    PlanRow{"is_the_owners_to_use_for_something_else",
                            closed(slotted({key("a", KeyState::active), emptied})),
                            by(AliasView::State::wrong, State::missing),
                            {},
                            "forget s2; "}),
    name_of_row);

const auto next = remembered(key("s2", KeyState::pending), 2h);
const auto again = second_use(next);

INSTANTIATE_TEST_SUITE_P(
    NextKeyOfASlot, SlotRule,
    testing::Values(
        PlanRow{"waits_even_if_nothing_signs", slotted({again}), shows("s2", State::right), {}, "seen s2; "},
        PlanRow{"waits_as_long_as_the_empty_record_is_remembered",
                slotted({signs, with(again, &KeyEntry::published, noon - 2h + 1s)}),
                shows("s2", State::right),
                {},
                "wait s2 until 2026-11-24T12:00:01Z (somebody); "},
        PlanRow{"signs_then",
                slotted({signs, with(again, &KeyEntry::published, noon - 2h)}),
                shows("s2", State::right),
                {},
                "activate s2 retire s1; "},
        PlanRow{"is_not_published_again_if_only_the_cname_is_missing",
                slotted({signs, with(again, &KeyEntry::published, noon - 2h)}),
                by(AliasView::State::missing, State::right),
                {},
                "unseen s2; wait s2 (somebody); "},
        PlanRow{"does_not_sign_if_the_cname_leads_elsewhere",
                slotted({next}),
                by(AliasView::State::wrong, State::right),
                {},
                "wait s2 (somebody); "},
        PlanRow{"is_published_even_without_a_cname",
                slotted({next}),
                by(AliasView::State::missing, State::missing),
                {},
                "publish s2; wait s2 (somebody); "},
        PlanRow{"does_not_start_over_if_the_owners_servers_are_silent",
                slotted({signs, with(again, &KeyEntry::published, noon - 2h)}),
                by(AliasView::State::unknown, State::right),
                {},
                "wait s2 (somebody); "},
        PlanRow{"that_signs_needs_its_cname",
                slotted({key("s2", KeyState::active)}),
                by(AliasView::State::missing, State::right),
                {},
                "remember s2 3600; wait s2 (somebody); "}),
    name_of_row);

// A second time, "compromised" can only mean the key that signs now.
INSTANTIATE_TEST_SUITE_P(
    Compromised, SlotRule,
    testing::Values(
        PlanRow{"ends_the_drain_of_the_other_slot",
                slotted({signs, drains}),
                {},
                compromised,
                "revoke s2; wait s1 until 2026-11-23T12:00:00Z (somebody); "},
        PlanRow{"means_first_the_key_that_was_replaced",
                slotted({drains, replacing(signs, {"s2"})}),
                {},
                compromised,
                "revoke s2; "},
        PlanRow{"waits_only_for_resolvers", slotted({with(is_void, &KeyEntry::emptied, noon - 59min), signs}),
                shows("s2", State::revoked), compromised,
                "wait s1 until 2026-11-24T12:01:00Z (somebody); wait s2 until 2026-11-24T12:01:00Z; "},
        PlanRow{"frees_a_slot_before_the_time_forget",
                slotted({with(is_void, &KeyEntry::emptied, noon - 1h), signs}), shows("s2", State::revoked),
                compromised, "forget s2; wait s1 until 2026-11-24T12:00:00Z (somebody); "},
        PlanRow{"goes_on_when_the_other_slot_is_free", slotted({is_free_again, signs}),
                shows("s2", State::revoked), compromised, "make s2; "}),
    name_of_row);

std::string wait_text(const Manifest& keys, const DnsView& dns, const RotationRequest& request) {
  const auto plan = plan_rotation(keys, dns, {}, noon, {}, request);
  return plan.waiting.empty() ? "" : plan.waiting.front().reason;
}

TEST(SlotWait, SaysUntilWhenAndWhatHelps) {
  const auto text = wait_text(slotted({signs, drains}), {}, all);
  EXPECT_EQ(
      text,
      "its successor waits for a free slot: s1 signs; s2 drains until 2026-11-30T12:00:00Z, and its empty "
      "record must then reach every resolver; a further slot would be free at once (dkimkey generate "
      "--slots)");
}

TEST(SlotWait, SaysWhatCanBeDoneWithACompromisedKey) {
  const auto text = wait_text(slotted({with(is_void, &KeyEntry::emptied, noon - 59min), signs}),
                              shows("s2", State::revoked), compromised);
  EXPECT_EQ(
      text,
      "its successor waits for a free slot: s1 signs; resolvers may remember the last key of s2 until "
      "2026-11-24T12:01:00Z; run this again then, or add --wait; sooner: a further slot (dkimkey generate "
      "--slots), or without signatures until then, dkimkey revoke --unsigned");
}

TEST(SlotWait, SaysWhoHasToAct) {
  EXPECT_EQ(wait_text(slotted({next}), by(AliasView::State::missing, State::right), {}),
            "the owner has to act");
  EXPECT_EQ(wait_text(slotted({next}), by(AliasView::State::missing, State::missing), {}),
            "its record is not on every server: ns1. serves something; the owner has to act");
  EXPECT_EQ(wait_text(slotted({signs, is_void}), by(AliasView::State::wrong, State::revoked), {}),
            "it is revoked, but the owner has to act");
}

// A domain moves to slots and takes them again and again: a rule that names its first key goes on, and each
// of two places has its own line of keys.
TEST(SlotLine, KeepsTheMeaningOfARule) {
  Manifest keys = slotted({key("a", KeyState::active), key("b", KeyState::active)}, {"s1", "s2", "s3", "s4"});
  std::vector<std::string> signing{"a", "b"};
  for (int turn = 0; turn < 40; ++turn) {
    for (auto& place : signing) {
      const auto* old = keys.find(selector(place));
      const auto slot = free_slot(keys, slots_of(keys, Algorithm::rsa), old->selector);
      ASSERT_TRUE(slot);
      KeyEntry entry{.selector = *slot, .bits = 2048, .created = noon, .replaces = {old->id()}};
      crypto::take_again(keys, entry);
      EXPECT_EQ(entry.use, std::max(1, turn / 2 + 1));
      keys.keys.push_back(entry);
      ASSERT_EQ(retired_by(keys, keys.keys.back()), Selectors{selector(place)});
      apply_change(Activate{*slot, {selector(place)}}, keys, noon);
      apply_change(Revoke{selector(place)}, keys, noon);
      apply_change(Forget{selector(place)}, keys, noon);
      place = slot->str();
    }
    for (const auto& [index, name] : {std::pair(0, "a"), std::pair(1, "b")}) {
      EXPECT_TRUE(keys.stands_for(*keys.find(selector(signing[index])), selector(name))) << turn;
      EXPECT_FALSE(keys.stands_for(*keys.find(selector(signing[1 - index])), selector(name))) << turn;
    }
    // The manifest does not grow with each turn.
    for (const auto& entry : keys.keys)
      EXPECT_LE(entry.replaces.size(), 6U);
  }
}

}  // namespace
}  // namespace dkim::keytool
