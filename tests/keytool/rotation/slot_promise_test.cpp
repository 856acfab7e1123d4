// Tests the promise of slots over years of random domains: at no instant is a key published into a slot while
// a resolver may remember, or a message on its way may need, the one before.
#include "tests/keytool/rotation/slot_world.hpp"

namespace dkim::keytool {
namespace {

using namespace rotation_test;

struct Random {
  unsigned state;
  unsigned operator()(unsigned below) {
    state = state * 1664525 + 1013904223;
    return (state >> 16) % below;
  }
};

// Minutes, hours, or a weekend without a timer.
std::chrono::seconds some_time(Random& random) {
  if (random(100) == 0) return std::chrono::hours(24 + random(72));
  return std::chrono::minutes(1 + random(12 * 60));
}

template <typename Request>
void live(unsigned lives, Request request_for, int least_turns) {
  int turns = 0;
  int moves = 0;
  for (unsigned seed = 1; seed <= lives; ++seed) {
    Random random{seed};
    SlotWorld world(seed * 977, static_cast<int>(2 + seed % 3), seed % 6 == 2 ? 2 : 1);
    for (int step = 0; step < 2000; ++step) {
      const auto request = request_for(random);
      world.step(some_time(random), request);
      ASSERT_FALSE(testing::Test::HasFatalFailure()) << "life " << seed << ", step " << step;
    }
    turns += world.turns();
    moves += world.moves();
  }
  EXPECT_GT(turns, least_turns);
  EXPECT_GT(moves, static_cast<int>(lives));
}

TEST(SlotPromise, IsKeptByTheTimer) {
  live(
      60,
      [](Random& random) {
        return random(200) == 0 ? RotationRequest{Replace::all_keys} : RotationRequest{Replace::due_keys};
      },
      60 * 20);
}

// Mail that was signed with a compromised key is given up, but no resolver is.
TEST(SlotPromise, IsKeptWithCompromisedKeys) {
  live(
      60,
      [](Random& random) {
        return random(30) == 0 ? RotationRequest{Replace::all_keys, RetiringKeys::compromised}
                               : RotationRequest{Replace::due_keys};
      },
      60 * 40);
}

}  // namespace
}  // namespace dkim::keytool
