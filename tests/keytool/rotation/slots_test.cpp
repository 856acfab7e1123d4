// Tests the rules for slots: by rows, and over years of a domain whose servers lag.
#include "keytool/keys/slots.hpp"

#include <gtest/gtest.h>

#include <map>

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

const auto signs = key("s1", KeyState::active);
const auto drains = key("s2", KeyState::retiring);
const auto is_void = key("s2", KeyState::revoked);
const auto emptied = with(is_void, &KeyEntry::emptied, noon - 1h);
const auto is_free = with(emptied, &KeyEntry::forgotten, noon - 1h);

KeyEntry remembered(KeyEntry entry, std::chrono::seconds memory) {
  entry.memory = memory;
  return entry;
}

KeyEntry second_use(KeyEntry entry) {
  entry.use = 2;
  return entry;
}

DnsView shows(const std::string& name, State state, std::chrono::seconds memory = 1h) {
  return {{selector(name), view(state, memory)}};
}

class SlotRule : public testing::TestWithParam<PlanRow> {};

TEST_P(SlotRule, gives_its_plan) {
  const auto& row = GetParam();
  EXPECT_EQ(text_of(plan_rotation(row.manifest, row.dns, noon, {}, row.request)), row.expected);
}

INSTANTIATE_TEST_SUITE_P(
    Turn, SlotRule,
    testing::Values(
        PlanRow{"goes_into_the_next_slot", slotted({signs}), {}, {Replace::all_keys}, "make s2; "},
        PlanRow{"goes_around", slotted({key("s2", KeyState::active)}), {}, {Replace::all_keys}, "make s1; "},
        PlanRow{"takes_a_free_slot_again", slotted({is_free, signs}), {}, {Replace::all_keys}, "make s2; "},
        PlanRow{"of_a_domain_that_moves_to_slots",
                slotted({key("old", KeyState::active)}),
                {},
                {Replace::all_keys},
                "make s1; "},
        PlanRow{"of_a_domain_that_leaves_its_slots",
                manifest({signs}),
                {},
                {Replace::all_keys},
                "make s1-20261124; "},
        PlanRow{"of_another_algorithm_needs_no_slot",
                slotted({signs, key("e", KeyState::active, Algorithm::ed25519)}),
                {},
                {Replace::all_keys},
                "make s2; make e-20261124; "},
        PlanRow{"waits_for_the_drain",
                slotted({signs, remembered(drains, 2h)}),
                {},
                {Replace::all_keys},
                "wait s1 until 2026-11-30T14:00:00Z; wait s2 until 2026-11-30T12:00:00Z; "},
        PlanRow{"waits_until_the_slot_is_empty",
                slotted({signs, is_void}),
                shows("s2", State::wrong),
                {Replace::all_keys},
                "remember s2 3600; empty s2; wait s1 (somebody); wait s2 (somebody); "},
        PlanRow{"waits_until_it_is_forgotten",
                slotted({signs, remembered(emptied, 3h)}),
                shows("s2", State::revoked),
                {Replace::all_keys},
                "wait s1 until 2026-11-24T14:00:00Z; wait s2 until 2026-11-24T14:00:00Z; "},
        PlanRow{"two_places_take_two_slots",
                slotted({signs, key("s2", KeyState::active)}, {"s1", "s2", "s3", "s4"}),
                {},
                {Replace::all_keys},
                "make s3; make s4; "}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Slot, SlotRule,
    testing::Values(
        PlanRow{"is_seen_to_be_empty",
                slotted({signs, remembered(is_void, 1h)}),
                shows("s2", State::revoked),
                {},
                "emptied s2; "},
        PlanRow{"counts_as_empty_without_a_record",
                slotted({signs, remembered(is_void, 1h)}),
                shows("s2", State::missing),
                {},
                "emptied s2; "},
        PlanRow{"is_not_empty_while_a_server_does_not_answer",
                slotted({signs, remembered(is_void, 1h)}),
                {{selector("s2"), so_far(State::revoked)}},
                {},
                "wait s2 (somebody); "},
        PlanRow{"is_not_empty_any_more",
                slotted({signs, remembered(emptied, 1h)}),
                shows("s2", State::wrong),
                {},
                "unemptied s2; empty s2; wait s2 (somebody); "},
        PlanRow{"is_free_when_nobody_remembers",
                slotted({signs, remembered(emptied, 1h)}),
                shows("s2", State::revoked),
                {},
                "forget s2; "},
        PlanRow{"is_not_free_a_second_before",
                slotted({signs, remembered(emptied, 1h + 1s)}),
                shows("s2", State::revoked),
                {},
                "wait s2 until 2026-11-24T12:00:01Z; "},
        PlanRow{"is_not_looked_at_when_free", slotted({is_free, signs}), {}, {}, ""},
        PlanRow{"remembers_the_longest_time",
                slotted({signs}),
                shows("s1", State::right, 5h),
                {},
                "remember s1 18000; "},
        PlanRow{
            "keeps_a_longer_time", slotted({remembered(signs, 6h)}), shows("s1", State::right, 5h), {}, ""},
        PlanRow{"was_emptied_by_a_clock_that_ran_ahead",
                slotted({signs, remembered(with(is_void, &KeyEntry::emptied, noon + 1h), 1h)}),
                shows("s2", State::revoked),
                {},
                "emptied s2; "}),
    [](const auto& info) { return info.param.name; });

const auto again = remembered(second_use(key("s2", KeyState::pending)), 2h);

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
                "activate s2 retire s1; "}),
    [](const auto& info) { return info.param.name; });

const RotationRequest compromised{Replace::all_keys, RetiringKeys::compromised};

INSTANTIATE_TEST_SUITE_P(Compromised, SlotRule,
                         testing::Values(PlanRow{"ends_the_drain_of_the_other_slot",
                                                 slotted({signs, drains}),
                                                 {},
                                                 compromised,
                                                 "revoke s2; wait s1 until 2026-11-30T12:00:00Z; "},
                                         PlanRow{"goes_on_when_the_other_slot_is_free",
                                                 slotted({is_free, signs}),
                                                 {},
                                                 compromised,
                                                 "make s2; "}),
                         [](const auto& info) { return info.param.name; });

// A domain with two servers that lag, resolvers that remember, and mail on its way. Time passes in steps.
class World {
 public:
  static constexpr int nothing = -1;
  static constexpr int empty = 0;

  World(unsigned seed, std::chrono::seconds ttl) : random_(seed), ttl_(ttl) {
    manifest_ = slotted({key("s1", KeyState::active)});
    ids_["s1"] = ++last_id_;
    for (auto& server : servers_)
      server["s1"] = {last_id_, last_id_, now_};
  }

  void step(std::chrono::seconds time, const RotationRequest& request) {
    now_ += time;
    let_servers_catch_up();
    for (int round = 0; round < 8; ++round) {
      const auto plan = plan_rotation(manifest_, look(), now_, policy_, request);
      ASSERT_NO_FATAL_FAILURE(carry_out(plan));
      if (plan.changes.empty()) break;
    }
    note_what_is_served();
    if (request.retiring_keys == RetiringKeys::compromised) give_up_mail_of_revoked_keys();
    if (request.retiring_keys == RetiringKeys::trusted) ASSERT_NO_FATAL_FAILURE(expect_mail_verifies());
  }

  int turns() const { return last_id_ - 1; }

 private:
  struct Served {
    int now = nothing;
    int next = nothing;
    UtcTime from;
  };

  unsigned random(unsigned below) {
    random_ = random_ * 1664525 + 1013904223;
    return (random_ >> 16) % below;
  }

  void let_servers_catch_up() {
    for (auto& server : servers_) {
      for (auto& [name, served] : server) {
        if (now_ >= served.from) served.now = served.next;
      }
    }
  }

  DnsView look() {
    DnsView out;
    for (const auto& entry : manifest_.keys) {
      if (entry.forgotten) continue;
      const auto& name = entry.selector.str();
      const int a = servers_[0][name].now;
      const int b = servers_[1][name].now;
      const int wanted = entry.state == KeyState::revoked ? empty : ids_[name];
      auto state = State::wrong;
      if (random(50) == 0) {
        out[entry.selector] = so_far(State::right);
        continue;
      }
      if (a == b && a == wanted) state = wanted == empty ? State::revoked : State::right;
      if (a == b && a == nothing) state = State::missing;
      if (a == b && a == empty) state = State::revoked;
      out[entry.selector] = view(state, ttl_);
    }
    return out;
  }

  void carry_out(const RotationPlan& plan) {
    for (const auto& change : plan.changes) {
      if (const auto* make = std::get_if<MakeKey>(&change)) {
        make_key(*make);
      } else {
        apply_change(change, manifest_, now_);
      }
    }
    if (!plan.changes.empty()) return;
    for (const auto& publication : plan.publications) {
      const auto& name = publication.selector.str();
      const int value = publication.what == Publication::What::record ? ids_[name] : empty;
      ASSERT_NE(publication.what, Publication::What::nothing);
      for (auto& server : servers_) {
        if (server[name].next != value)
          server[name] = {server[name].now, value, now_ + std::chrono::minutes(random(600))};
      }
    }
  }

  // The promise: whatever the slot has served before is forgotten, except the empty record.
  void make_key(const MakeKey& make) {
    const auto& name = make.selector.str();
    for (const auto& [value, time] : last_served_[name])
      ASSERT_TRUE(value == empty || time + ttl_ <= now_) << name << " may still be remembered";
    KeyEntry entry{
        .selector = make.selector, .algorithm = make.algorithm, .bits = make.bits, .created = now_};
    entry.replaces = {make.replaces};
    if (const auto* last = manifest_.find(make.selector)) {
      ASSERT_TRUE(last->forgotten);
      entry.use = last->use + 1;
      entry.memory = last->memory;
    }
    std::erase_if(manifest_.keys, [&](const KeyEntry& other) { return other.selector == make.selector; });
    manifest_.keys.push_back(entry);
    ids_[name] = ++last_id_;
  }

  void note_what_is_served() {
    for (const auto& server : servers_) {
      for (const auto& [name, served] : server)
        last_served_[name][served.now] = now_;
    }
    for (const auto& entry : manifest_.keys) {
      if (entry.state == KeyState::active)
        last_signed_[entry.selector.str()] = {ids_[entry.selector.str()], now_};
    }
  }

  void give_up_mail_of_revoked_keys() {
    for (const auto& entry : manifest_.keys) {
      if (entry.state == KeyState::revoked) last_signed_.erase(entry.selector.str());
    }
  }

  // Whatever a resolver may answer for a message on its way is the key that signed it.
  void expect_mail_verifies() {
    for (const auto& [name, last] : last_signed_) {
      const auto& [id, time] = last;
      if (now_ > time + policy_.drain) continue;
      for (const auto& [value, served] : last_served_[name])
        ASSERT_TRUE(value == id || served + ttl_ <= now_)
            << name << " may show " << value << " instead of " << id;
    }
  }

  unsigned random_;
  std::chrono::seconds ttl_;
  UtcTime now_ = noon;
  RotationPolicy policy_{.every = days(30)};
  Manifest manifest_;
  int last_id_ = 0;
  std::map<std::string, int> ids_;  // of the key that each slot has now
  std::map<std::string, Served> servers_[2];
  std::map<std::string, std::map<int, UtcTime>> last_served_;
  std::map<std::string, std::pair<int, UtcTime>> last_signed_;
};

TEST(SlotWorld, EveryMessageVerifiesAtEveryInstant) {
  int turns = 0;
  for (unsigned seed = 1; seed <= 40; ++seed) {
    World world(seed, std::chrono::minutes(seed % 3 == 0 ? 5 : seed % 3 == 1 ? 60 : 1440));
    for (int hour = 0; hour < 24 * 400; ++hour)
      ASSERT_NO_FATAL_FAILURE(world.step(1h, {Replace::due_keys})) << seed;
    turns += world.turns();
  }
  EXPECT_GT(turns, 40 * 8);
}

// Signatures of compromised keys may fail, but a slot never holds a new key while the last one is remembered.
TEST(SlotWorld, ACompromisedKeyDoesNotBreakThePromiseOfTheSlot) {
  int turns = 0;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    World world(seed, 1h);
    for (int hour = 0; hour < 24 * 100; ++hour) {
      ASSERT_NO_FATAL_FAILURE(
          world.step(1h, hour % 97 < 30 ? RotationRequest{Replace::all_keys, RetiringKeys::compromised}
                                        : RotationRequest{}))
          << seed;
    }
    turns += world.turns();
  }
  EXPECT_GT(turns, 20 * 10);
}

}  // namespace
}  // namespace dkim::keytool
