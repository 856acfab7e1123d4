// Tests the promises of a fleet over years of random machines: no record is taken away while a machine may
// sign with its key or mail of it may be on its way, and no key becomes active that a machine lacks.
#include "tests/keytool/rotation/fleet_world.hpp"

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

struct Total {
  int turns = 0;
  int emptied = 0;
  int signed_after_leaving = 0;
};

template <typename Request>
Total live(unsigned lives, Request request_for) {
  Total total;
  for (unsigned seed = 1; seed <= lives; ++seed) {
    Random random{seed};
    FleetWorld world(seed * 977, static_cast<int>(1 + seed % 5),
                     seed % 2 == 0 ? 2 + static_cast<int>(seed % 3) : 0);
    for (int step = 0; step < 2000 && !testing::Test::HasFatalFailure(); ++step)
      world.step(std::chrono::minutes(1 + random(24 * 60)), request_for(random));
    if (testing::Test::HasFatalFailure()) {
      ADD_FAILURE() << "life " << seed;
      break;
    }
    total.turns += world.turns();
    total.emptied += world.emptied();
    total.signed_after_leaving += world.signed_after_leaving();
  }
  return total;
}

TEST(FleetPromise, IsKeptByTheTimer) {
  const auto total = live(40, [](Random& random) {
    return random(200) == 0 ? RotationRequest{Replace::all_keys} : RotationRequest{Replace::due_keys};
  });
  EXPECT_GT(total.turns, 40 * 15);
  EXPECT_GT(total.emptied, 40 * 15);
  EXPECT_GT(total.signed_after_leaving, 40 * 15);
}

// Mail that a compromised key signs is given up, but its slot gets no next key while a machine may sign with
// it.
TEST(FleetPromise, IsKeptWithCompromisedKeys) {
  const auto total = live(40, [](Random& random) {
    return random(30) == 0 ? RotationRequest{Replace::all_keys, RetiringKeys::compromised}
                           : RotationRequest{Replace::due_keys};
  });
  EXPECT_GT(total.turns, 40 * 15);
  EXPECT_GT(total.emptied, 40 * 15);
}

}  // namespace
}  // namespace dkim::keytool
