// Tests the cycle as a whole: the names of new keys, and that each place always has an active key.
#include "keytool/rotation/rotation.hpp"

#include <gtest/gtest.h>

#include "tests/keytool/rotation/rotation_fixture.hpp"

namespace dkim::keytool {
namespace {

using namespace rotation_test;

TEST(RotationPlan, knows_which_key_was_overtaken) {
  const Manifest keys =
      manifest({active, key("e", KeyState::active, Algorithm::ed25519), pending, key("q", KeyState::pending),
                key("f", KeyState::pending, Algorithm::ed25519)});
  EXPECT_EQ(overtaken_by(keys, *keys.find(selector("p"))), keys.find(selector("q")));
  EXPECT_EQ(overtaken_by(keys, *keys.find(selector("q"))), nullptr);
  EXPECT_EQ(overtaken_by(keys, *keys.find(selector("f"))), nullptr);
}

TEST(RotationPlan, next_look_is_the_earliest) {
  RotationPlan plan;
  EXPECT_FALSE(plan.next_look());
  plan.waiting = {{selector("a"), "", noon + 2h, Waiting::For::time},
                  {selector("b"), "", noon + 1h, Waiting::For::dns_or_person},
                  {selector("c"), "", {}, Waiting::For::dns_or_person}};
  EXPECT_EQ(plan.next_look(), noon + 1h);
}

// Whatever DNS shows and however the clock runs, each place that has an active key keeps one.
TEST(RotationCycle, never_leaves_a_place_without_an_active_key) {
  unsigned seed = 20261124;
  const auto random = [&](unsigned below) {
    seed = seed * 1664525 + 1013904223;
    return (seed >> 16) % below;
  };
  for (int life = 0; life < 200; ++life) {
    Manifest keys = manifest({key("a", KeyState::active), key("b", KeyState::active),
                              key("e", KeyState::active, Algorithm::ed25519)});
    UtcTime now = noon;
    for (int step = 0; step < 300; ++step) {
      now += std::chrono::hours(random(24 * 20)) - std::chrono::hours(random(20));
      DnsView dns;
      for (const auto& entry : keys.keys)
        dns[entry.selector] = view(static_cast<State>(random(5)), std::chrono::seconds(random(86400)));
      const RotationRequest request{static_cast<Replace>(random(3)),
                                    random(10) == 0 ? RetiringKeys::compromised : RetiringKeys::trusted};
      const auto plan = plan_rotation(keys, dns, {}, now, {}, request);
      for (const auto& change : plan.changes) {
        if (const auto* make = std::get_if<MakeKey>(&change)) {
          ASSERT_EQ(keys.find(make->selector), nullptr);
          keys.keys.push_back({.selector = make->selector,
                               .algorithm = make->algorithm,
                               .bits = make->bits,
                               .created = now,
                               .replaces = {make->replaces}});
        }
        apply_change(change, keys, now);
      }
      for (const auto* place : {"a", "b", "e"}) {
        ASSERT_TRUE(std::any_of(keys.keys.begin(), keys.keys.end(),
                                [&](const KeyEntry& entry) {
                                  return entry.state == KeyState::active &&
                                         keys.stands_for(entry, selector(place));
                                }))
            << place << ", life " << life << " step " << step;
      }
    }
  }
}

}  // namespace
}  // namespace dkim::keytool
