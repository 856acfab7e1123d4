// Tests each rule of the cycle by rows: a manifest, what DNS shows and a request go in; changes, publications
// and waiting keys come out.
#include "keytool/rotation/rotation.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "tests/keytool/rotation/rotation_fixture.hpp"

namespace dkim::keytool {
namespace {

using namespace rotation_test;

// Returns a plan as words, in order, so that a row of a test reads like a sentence.
std::string text_of(const RotationPlan& plan) {
  std::ostringstream out;
  for (const auto& change : plan.changes) {
    if (const auto* make = std::get_if<MakeKey>(&change)) out << "make " << make->selector.str() << "; ";
    if (const auto* note = std::get_if<NotePublished>(&change))
      out << (note->since ? "seen " : "unseen ") << note->selector.str() << "; ";
    if (const auto* activate = std::get_if<Activate>(&change)) {
      out << "activate " << activate->selector.str();
      for (const auto& old : activate->retire)
        out << " retire " << old.str();
      out << "; ";
    }
    if (const auto* revoke = std::get_if<Revoke>(&change)) out << "revoke " << revoke->selector.str() << "; ";
    if (const auto* forget = std::get_if<Forget>(&change)) out << "forget " << forget->selector.str() << "; ";
  }
  for (const auto& publication : plan.publications) {
    const char* what = publication.what == Publication::What::record         ? "publish "
                       : publication.what == Publication::What::empty_record ? "empty "
                                                                             : "remove ";
    out << what << publication.selector.str() << "; ";
  }
  for (const auto& waiting : plan.waiting) {
    out << "wait " << waiting.selector.str();
    if (waiting.until) out << " until " << crypto::to_string(*waiting.until);
    if (waiting.what == Waiting::For::dns_or_person) out << " (somebody)";
    out << "; ";
  }
  return out.str();
}

struct Row {
  std::string name;
  Manifest manifest;
  DnsView dns;
  RotationRequest request;
  std::string expected;
};

class Rule : public testing::TestWithParam<Row> {};

TEST_P(Rule, gives_its_plan) {
  const auto& row = GetParam();
  EXPECT_EQ(text_of(plan_rotation(row.manifest, row.dns, noon, {}, row.request)), row.expected);
}

const auto old_active = with(key("a", KeyState::active), &KeyEntry::activated, noon - days(180));
const auto old_active_ed =
    with(key("e", KeyState::active, Algorithm::ed25519), &KeyEntry::activated, noon - days(181));

const auto old_active_b = with(key("b", KeyState::active), &KeyEntry::activated, noon - days(180));

DnsView shows(const std::string& name, State state, std::chrono::seconds memory = 1h) {
  return {{selector(name), view(state, memory)}};
}

INSTANTIATE_TEST_SUITE_P(
    Turn, Rule,
    testing::Values(
        Row{"nothing_is_asked", manifest({active}), shows("a", State::right), {}, ""},
        Row{"a_turn_is_started",
            manifest({active}),
            shows("a", State::right),
            {Replace::all_keys},
            "make a-20261124; "},
        Row{"not_due", manifest({active}), {}, {Replace::due_keys}, ""},
        Row{"due_to_the_second", manifest({old_active}), {}, {Replace::due_keys}, "make a-20261124; "},
        Row{"a_second_before",
            manifest({with(old_active, &KeyEntry::activated, noon - days(180) + 1s)}),
            {},
            {Replace::due_keys},
            ""},
        Row{"each_algorithm_alone",
            manifest({active, old_active_ed}),
            {},
            {Replace::due_keys},
            "make e-20261124; "},
        Row{"both_on_request",
            manifest({active, old_active_ed}),
            {},
            {Replace::all_keys},
            "make a-20261124; make e-20261124; "},
        Row{"each_active_key_has_its_own_successor",
            manifest({old_active, with(old_active_b, &KeyEntry::activated, noon - days(181))}),
            {},
            {Replace::due_keys},
            "make a-20261124; make b-20261124; "},
        Row{"only_a_key_that_is_due",
            manifest({active, old_active_b}),
            {},
            {Replace::due_keys},
            "make b-20261124; "},
        Row{"only_a_key_without_a_successor",
            manifest({old_active, old_active_b, replacing(pending, {"a"})}),
            {},
            {Replace::due_keys},
            "make b-20261124; publish p; wait p (somebody); "},
        Row{"two_of_one_stem_get_two_names",
            manifest({key("s-20260528", KeyState::active), key("s", KeyState::active)}),
            {},
            {Replace::all_keys},
            "make s-20261124; make s-20261124b; "},
        Row{"one_pending_key_is_enough",
            manifest({old_active, pending}),
            {},
            {Replace::all_keys},
            "publish p; wait p (somebody); "},
        Row{"no_active_key_no_turn",
            manifest({revoked}),
            shows("v", State::revoked),
            {Replace::all_keys},
            "wait v until 2026-12-23T12:00:00Z; "},
        Row{"a_taken_name_is_skipped",
            manifest({active, with(key("a-20261124", KeyState::revoked), &KeyEntry::forgotten, noon)}),
            {},
            {Replace::all_keys},
            "make a-20261124b; "}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Pending, Rule,
    testing::Values(
        Row{"the_first_key_signs_at_once", manifest({pending}), shows("p", State::right), {}, "activate p; "},
        Row{"not_there_yet",
            manifest({pending}),
            shows("p", State::missing),
            {},
            "publish p; wait p (somebody); "},
        Row{"something_else_there",
            manifest({pending}),
            shows("p", State::wrong),
            {},
            "publish p; wait p (somebody); "},
        Row{"a_revoked_record_there",
            manifest({pending}),
            shows("p", State::revoked),
            {},
            "publish p; wait p (somebody); "},
        Row{"unknown_is_not_right",
            manifest({pending}),
            shows("p", State::unknown),
            {},
            "publish p; wait p (somebody); "},
        Row{"servers_that_answer_show_it_already",
            manifest({pending}),
            {{selector("p"), so_far(State::right)}},
            {},
            "wait p (somebody); "},
        Row{"not_looked_at_is_unknown", manifest({pending}), {}, {}, "publish p; wait p (somebody); "},
        Row{"seen_for_the_first_time", manifest({active, pending}), shows("p", State::right), {}, "seen p; "},
        Row{"resolvers_remember",
            manifest({active, with(pending, &KeyEntry::published, noon - 59min)}),
            shows("p", State::right),
            {},
            "wait p until 2026-11-24T12:01:00Z (somebody); "},
        Row{"resolvers_have_forgotten",
            manifest({active, with(pending, &KeyEntry::published, noon - 60min)}),
            shows("p", State::right),
            {},
            "activate p retire a; "},
        Row{"all_active_of_its_algorithm_retire",
            manifest({active, key("a2", KeyState::active), key("e", KeyState::active, Algorithm::ed25519),
                      with(pending, &KeyEntry::published, noon - 60min)}),
            shows("p", State::right),
            {},
            "activate p retire a retire a2; "},
        Row{"only_the_key_it_replaces_retires",
            manifest({active, key("a2", KeyState::active),
                      with(replacing(pending, {"a"}), &KeyEntry::published, noon - 60min)}),
            shows("p", State::right),
            {},
            "activate p retire a; "},
        Row{"the_successor_of_the_key_it_replaces_retires",
            manifest({key("a", KeyState::retiring), replacing(key("b", KeyState::active), {"a"}),
                      key("c", KeyState::active),
                      with(replacing(pending, {"a"}), &KeyEntry::published, noon - 60min)}),
            {{selector("p"), view(State::right)}},
            {},
            "activate p retire b; wait a until 2026-11-30T12:00:00Z; "},
        Row{"the_key_it_replaces_is_gone_already",
            manifest({active, with(replacing(pending, {"x"}), &KeyEntry::published, noon - 60min)}),
            shows("p", State::right),
            {},
            "activate p; "},
        Row{"two_for_two_places",
            manifest({active, key("b", KeyState::active),
                      with(replacing(key("p", KeyState::pending), {"a"}), &KeyEntry::published, noon - 60min),
                      with(replacing(key("q", KeyState::pending), {"b"}), &KeyEntry::published,
                           noon - 60min)}),
            {{selector("p"), view(State::right)}, {selector("q"), view(State::right)}},
            {},
            "activate p retire a; activate q retire b; "},
        Row{"two_for_one_place",
            manifest({active, replacing(key("p", KeyState::pending), {"a"}), key("q", KeyState::pending)}),
            {{selector("p"), view(State::right)}, {selector("q"), view(State::missing)}},
            {},
            "publish q; wait p (somebody); wait q (somebody); "},
        Row{"another_algorithm_does_not_delay_it",
            manifest({key("e", KeyState::active, Algorithm::ed25519), pending}),
            shows("p", State::right),
            {},
            "activate p; "},
        Row{"each_algorithm_at_its_own_pace",
            manifest({active, key("e", KeyState::active, Algorithm::ed25519),
                      with(pending, &KeyEntry::published, noon - 60min),
                      key("q", KeyState::pending, Algorithm::ed25519)}),
            {{selector("p"), view(State::right)}, {selector("q"), view(State::missing)}},
            {},
            "activate p retire a; publish q; wait q (somebody); "},
        Row{"compromised_does_not_shorten_what_resolvers_remember",
            manifest({active, with(pending, &KeyEntry::published, noon - 59min)}),
            shows("p", State::right),
            {Replace::all_keys, RetiringKeys::compromised},
            "wait p until 2026-11-24T12:01:00Z (somebody); "},
        Row{"a_longer_memory_delays_it_longer",
            manifest({active, with(pending, &KeyEntry::published, noon - 60min)}),
            shows("p", State::right, 2h),
            {},
            "wait p until 2026-11-24T13:00:00Z (somebody); "},
        Row{"no_memory_at_all",
            manifest({active, with(pending, &KeyEntry::published, noon)}),
            shows("p", State::right, 0s),
            {},
            "activate p retire a; "},
        Row{"gone_again_starts_over",
            manifest({active, with(pending, &KeyEntry::published, noon - 59min)}),
            shows("p", State::missing),
            {},
            "unseen p; publish p; wait p (somebody); "},
        Row{"a_dead_server_does_not_start_over",
            manifest({active, with(pending, &KeyEntry::published, noon - 2h)}),
            {{selector("p"), so_far(State::right)}},
            {},
            "wait p (somebody); "},
        Row{"a_clock_set_back_starts_over",
            manifest({active, with(pending, &KeyEntry::published, noon + 1s)}),
            shows("p", State::right),
            {},
            "seen p; "},
        Row{"the_newest_is_activated",
            manifest({pending, key("q", KeyState::pending)}),
            {{selector("p"), view(State::right)}, {selector("q"), view(State::right)}},
            {},
            "activate q; wait p (somebody); "},
        Row{"a_newer_key_signs_already",
            manifest({key("a", KeyState::retiring), with(pending, &KeyEntry::published, noon - 2h),
                      replacing(key("q", KeyState::active), {"a"})}),
            shows("p", State::right),
            {},
            "wait p (somebody); wait a until 2026-11-30T12:00:00Z; "},
        Row{"an_overtaken_key_delays_no_turn",
            manifest({pending, old_active}),
            shows("p", State::right),
            {Replace::due_keys},
            "make a-20261124; wait p (somebody); "}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Later, Rule,
    testing::Values(
        Row{"an_active_record_that_is_wrong",
            manifest({active}),
            shows("a", State::wrong),
            {},
            "publish a; wait a (somebody); "},
        Row{"an_active_record_that_cannot_be_seen",
            manifest({active}),
            shows("a", State::unknown),
            {},
            "publish a; wait a (somebody); "},
        Row{"an_active_record_on_servers_that_answer",
            manifest({active}),
            {{selector("a"), so_far(State::right)}},
            {},
            "wait a (somebody); "},
        Row{"keys_that_sign_come_first",
            manifest({revoked, key("p", KeyState::pending, Algorithm::ed25519), active}),
            {{selector("v"), view(State::wrong)},
             {selector("p"), view(State::missing)},
             {selector("a"), view(State::missing)}},
            {},
            "publish a; publish p; empty v; wait a (somebody); wait p (somebody); wait v (somebody); "},
        Row{"an_active_record_that_was_not_looked_at", manifest({active}), {}, {}, ""},
        Row{"draining", manifest({active, retiring}), {}, {}, "wait r until 2026-11-30T12:00:00Z; "},
        Row{"drained",
            manifest({active, with(retiring, &KeyEntry::retired, noon - days(7))}),
            {},
            {},
            "revoke r; "},
        Row{"a_clock_that_runs_behind",
            manifest({with(active, &KeyEntry::activated, noon + days(1) + 1s), pending,
                      with(retiring, &KeyEntry::retired, noon - days(8))}),
            shows("p", State::right),
            {Replace::all_keys},
            "wait a (somebody); "},
        Row{"a_clock_that_ran_ahead",
            manifest({active, with(retiring, &KeyEntry::retired, noon + days(3000))}),
            {},
            {},
            "wait r (somebody); "},
        Row{"compromised",
            manifest({active, retiring}),
            {},
            {Replace::none, RetiringKeys::compromised},
            "revoke r; "},
        Row{"compromised_and_not_replaced_yet",
            manifest({active}),
            {},
            {Replace::all_keys, RetiringKeys::compromised},
            "make a-20261124; "},
        Row{"retired_in_the_future",
            manifest({active, with(retiring, &KeyEntry::retired, noon + days(1))}),
            {},
            {},
            "wait r until 2026-12-02T12:00:00Z; "},
        Row{"its_record_still_holds_a_key",
            manifest({active, revoked}),
            shows("v", State::wrong),
            {},
            "empty v; wait v (somebody); "},
        Row{"its_record_is_empty",
            manifest({active, revoked}),
            shows("v", State::revoked),
            {},
            "wait v until 2026-12-23T12:00:00Z; "},
        Row{"its_record_is_gone_early",
            manifest({active, revoked}),
            shows("v", State::missing),
            {},
            "wait v until 2026-12-23T12:00:00Z; "},
        Row{"its_record_cannot_be_seen",
            manifest({active, revoked}),
            shows("v", State::unknown),
            {},
            "empty v; wait v (somebody); "},
        Row{"its_record_is_empty_where_one_answers",
            manifest({active, revoked}),
            {{selector("v"), so_far(State::revoked)}},
            {},
            "wait v (somebody); "},
        Row{"its_record_cannot_be_seen_and_may_go",
            manifest({active, with(revoked, &KeyEntry::revoked, noon - days(30))}),
            shows("v", State::unknown),
            {},
            "wait v (somebody); "},
        Row{"its_record_is_gone_where_one_answers",
            manifest({active, with(revoked, &KeyEntry::revoked, noon - days(30))}),
            {{selector("v"), {.state = State::missing, .detail = "ns2. no answer", .all_answered = false}}},
            {},
            "wait v (somebody); "},
        Row{"compromised_and_replaced",
            manifest({replacing(active, {"r"}), retiring}),
            {},
            {Replace::all_keys, RetiringKeys::compromised},
            "revoke r; "},
        Row{"its_record_can_go",
            manifest({active, with(revoked, &KeyEntry::revoked, noon - days(30))}),
            shows("v", State::revoked),
            {},
            "remove v; wait v (somebody); "},
        Row{"its_record_went",
            manifest({active, with(revoked, &KeyEntry::revoked, noon - days(30))}),
            shows("v", State::missing),
            {},
            "forget v; "},
        Row{"forgotten",
            manifest({active, with(revoked, &KeyEntry::forgotten, noon - days(30))}),
            shows("v", State::wrong),
            {},
            ""}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace dkim::keytool
