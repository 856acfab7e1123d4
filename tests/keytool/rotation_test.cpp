// Each rule of the cycle as rows: manifest, what DNS shows and the time in; changes, publications and waiting
// out.
#include "keytool/rotation.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace dkim::keytool {
namespace {

using namespace std::chrono_literals;
using crypto::Algorithm;
using crypto::KeyEntry;
using crypto::KeyState;
using crypto::Manifest;
using crypto::UtcTime;
using State = RecordView::State;
using Turn = RotationRequest::Turn;
using std::chrono::days;

const UtcTime noon{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24} + 12h};

canon::Selector selector(const std::string& name) {
  return *canon::Selector::parse(name);
}

KeyEntry key(const std::string& name, KeyState state, Algorithm algorithm = Algorithm::rsa) {
  KeyEntry entry{.selector = selector(name), .algorithm = algorithm, .bits = 2048, .state = state};
  entry.created = noon - days(10);
  if (state != KeyState::pending) entry.activated = noon - days(10);
  if (state == KeyState::retiring) entry.retired = noon - days(1);
  if (state == KeyState::revoked) entry.revoked = noon - days(1);
  return entry;
}

Manifest manifest(std::vector<KeyEntry> keys) {
  Manifest out;
  out.keys = std::move(keys);
  return out;
}

RecordView view(State state, std::chrono::seconds memory = 1h) {
  return {state, memory, "ns1. serves something"};
}

// A plan as words, in order, so that a row of a test reads like a sentence.
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
    if (waiting.for_somebody) out << " (somebody)";
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

KeyEntry with(KeyEntry entry, std::optional<UtcTime> KeyEntry::*time, UtcTime value) {
  entry.*time = value;
  return entry;
}

const KeyEntry active = key("a", KeyState::active);
const KeyEntry pending = key("p", KeyState::pending);
const KeyEntry retiring = key("r", KeyState::retiring);
const KeyEntry revoked = key("v", KeyState::revoked);
const auto old_active = with(key("a", KeyState::active), &KeyEntry::activated, noon - days(180));
const auto old_active_ed =
    with(key("e", KeyState::active, Algorithm::ed25519), &KeyEntry::activated, noon - days(181));

DnsView shows(const std::string& name, State state, std::chrono::seconds memory = 1h) {
  return {{selector(name), view(state, memory)}};
}

INSTANTIATE_TEST_SUITE_P(
    Turn, Rule,
    testing::Values(Row{"nothing_is_asked", manifest({active}), shows("a", State::right), {}, ""},
                    Row{"a_turn_is_started",
                        manifest({active}),
                        shows("a", State::right),
                        {Turn::start},
                        "make a-20261124; "},
                    Row{"not_due", manifest({active}), {}, {Turn::if_due}, ""},
                    Row{"due_to_the_second", manifest({old_active}), {}, {Turn::if_due}, "make a-20261124; "},
                    Row{"a_second_before",
                        manifest({with(old_active, &KeyEntry::activated, noon - days(180) + 1s)}),
                        {},
                        {Turn::if_due},
                        ""},
                    Row{"each_algorithm_alone",
                        manifest({active, old_active_ed}),
                        {},
                        {Turn::if_due},
                        "make e-20261124; "},
                    Row{"both_on_demand",
                        manifest({active, old_active_ed}),
                        {},
                        {Turn::start},
                        "make a-20261124; make e-20261124; "},
                    Row{"one_on_its_way_is_enough",
                        manifest({old_active, pending}),
                        {},
                        {Turn::start},
                        "wait p (somebody); "},
                    Row{"no_active_key_no_turn",
                        manifest({revoked}),
                        shows("v", State::revoked),
                        {Turn::start},
                        "wait v until 2026-12-23T12:00:00Z; "},
                    Row{"a_taken_name_is_passed_over",
                        manifest({active,
                                  with(key("a-20261124", KeyState::revoked), &KeyEntry::forgotten, noon)}),
                        {},
                        {Turn::start},
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
            "wait p (somebody); "},
        Row{"not_looked_at_is_unknown", manifest({pending}), {}, {}, "wait p (somebody); "},
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
        Row{"another_algorithm_does_not_hold_it_up",
            manifest({key("e", KeyState::active, Algorithm::ed25519), pending}),
            shows("p", State::right),
            {},
            "activate p; "},
        Row{"gone_again_counts_anew",
            manifest({active, with(pending, &KeyEntry::published, noon - 59min)}),
            shows("p", State::missing),
            {},
            "unseen p; publish p; wait p (somebody); "},
        Row{"a_dead_server_does_not_count_anew",
            manifest({active, with(pending, &KeyEntry::published, noon - 2h)}),
            shows("p", State::unknown),
            {},
            "wait p (somebody); "},
        Row{"a_clock_set_back_counts_anew",
            manifest({active, with(pending, &KeyEntry::published, noon + 1s)}),
            shows("p", State::right),
            {},
            "seen p; "},
        Row{"the_newest_goes_on",
            manifest({pending, key("q", KeyState::pending)}),
            {{selector("p"), view(State::right)}, {selector("q"), view(State::right)}},
            {},
            "activate q; wait p (somebody); "}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Later, Rule,
    testing::Values(
        Row{"an_active_record_that_is_wrong",
            manifest({active}),
            shows("a", State::wrong),
            {},
            "publish a; wait a (somebody); "},
        Row{"draining", manifest({active, retiring}), {}, {}, "wait r until 2026-11-30T12:00:00Z; "},
        Row{"drained",
            manifest({active, with(retiring, &KeyEntry::retired, noon - days(7))}),
            {},
            {},
            "revoke r; "},
        Row{"compromised", manifest({active, retiring}), {}, {Turn::none, true}, "revoke r; "},
        Row{"compromised_and_not_replaced_yet",
            manifest({active}),
            {},
            {Turn::start, true},
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
        Row{"its_record_cannot_be_seen", manifest({active, revoked}), shows("v", State::unknown), {}, ""},
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

TEST(RotationNames, keep_the_stem_and_take_the_date) {
  const auto next = [](const std::string& old) {
    return next_selector(Manifest{}, selector(old), noon).str();
  };
  EXPECT_EQ(next("server"), "server-20261124");
  EXPECT_EQ(next("server-20260528"), "server-20261124");
  EXPECT_EQ(next("server-20260528b"), "server-20261124");
  EXPECT_EQ(next("server-ed25519"), "server-ed25519-20261124");
  EXPECT_EQ(next("s.sub"), "s.sub-20261124");
  EXPECT_EQ(next("20260528"), "20260528-20261124");
  EXPECT_EQ(next(std::string(63, 'x')), std::string(50, 'x') + "-20261124");
}

TEST(RotationNames, never_come_twice) {
  Manifest used;
  std::set<std::string> seen;
  for (int i = 0; i < 700; ++i) {
    const auto name = next_selector(used, selector("server"), noon);
    ASSERT_TRUE(seen.insert(name.str()).second) << name.str();
    used.keys.push_back(key(name.str(), KeyState::revoked));
  }
}

TEST(RotationPlan, next_look_is_the_earliest) {
  RotationPlan plan;
  EXPECT_FALSE(plan.next_look());
  plan.waiting = {{selector("a"), "", noon + 2h, false},
                  {selector("b"), "", noon + 1h, true},
                  {selector("c"), "", {}, true}};
  EXPECT_EQ(plan.next_look(), noon + 1h);
}

// Whatever DNS shows and however the clock runs: an algorithm that has an active key never loses its last
// one.
TEST(RotationCycle, never_leaves_an_algorithm_without_an_active_key) {
  unsigned seed = 20261124;
  const auto random = [&](unsigned below) {
    seed = seed * 1664525 + 1013904223;
    return (seed >> 16) % below;
  };
  for (int life = 0; life < 200; ++life) {
    Manifest keys = manifest({key("a", KeyState::active), key("e", KeyState::active, Algorithm::ed25519)});
    UtcTime now = noon;
    for (int step = 0; step < 300; ++step) {
      now += std::chrono::hours(random(24 * 20)) - std::chrono::hours(random(20));
      DnsView dns;
      for (const auto& entry : keys.keys)
        dns[entry.selector] = view(static_cast<State>(random(5)), std::chrono::seconds(random(86400)));
      const RotationRequest request{static_cast<Turn>(random(3)), random(10) == 0};
      const auto plan = plan_rotation(keys, dns, now, {}, request);
      for (const auto& change : plan.changes) {
        if (const auto* make = std::get_if<MakeKey>(&change)) {
          ASSERT_EQ(keys.find(make->selector), nullptr);
          keys.keys.push_back(
              {.selector = make->selector, .algorithm = make->algorithm, .bits = make->bits, .created = now});
        }
        apply_change(change, keys, now);
      }
      for (const auto algorithm : {Algorithm::rsa, Algorithm::ed25519}) {
        ASSERT_TRUE(std::any_of(keys.keys.begin(), keys.keys.end(),
                                [&](const KeyEntry& entry) {
                                  return entry.algorithm == algorithm && entry.state == KeyState::active;
                                }))
            << "life " << life << " step " << step;
      }
    }
  }
}

}  // namespace
}  // namespace dkim::keytool
