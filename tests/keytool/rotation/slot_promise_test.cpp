// Tests the promise of slots over years of random domains: at no instant is a key published into a slot while
// a resolver may remember, or a message on its way may need, the one before.
#include "tests/keytool/rotation/slot_life.hpp"

namespace dkim::keytool {
namespace {

using namespace rotation_test;

void live(unsigned lives, const LifeRequest& request_for, int least_turns) {
  LifeCount count;
  for (unsigned seed = 1; seed <= lives; ++seed) {
    MemoryKeeper keeper;
    count += live_once(seed, keeper, request_for, 2000);
    ASSERT_FALSE(testing::Test::HasFatalFailure());
  }
  EXPECT_GT(count.turns, least_turns);
  EXPECT_GT(count.moves, static_cast<int>(lives));
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
