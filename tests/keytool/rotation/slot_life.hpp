// Lives through years of a random domain on slots (slot_world.hpp).
#pragma once

#include <functional>

#include "tests/keytool/rotation/slot_world.hpp"

namespace dkim::keytool::rotation_test {

struct Random {
  unsigned state;
  unsigned operator()(unsigned below) {
    state = state * 1664525 + 1013904223;
    return (state >> 16) % below;
  }
};

// Minutes, hours, or a weekend without a timer.
inline std::chrono::seconds some_time(Random& random) {
  if (random(100) == 0) return std::chrono::hours(24 + random(72));
  return std::chrono::minutes(1 + random(12 * 60));
}

struct LifeCount {
  int turns = 0;
  int moves = 0;
  LifeCount& operator+=(const LifeCount& other) {
    turns += other.turns;
    moves += other.moves;
    return *this;
  }
};

using LifeRequest = std::function<RotationRequest(Random&)>;

// Ends at a fatal failure.
inline LifeCount live_once(unsigned seed, SlotKeeper& keeper, const LifeRequest& request_for, int steps) {
  Random random{seed};
  SlotWorld world(seed * 977, static_cast<int>(2 + seed % 3), seed % 6 == 2 ? 2 : 1, keeper);
  for (int step = 0; step < steps; ++step) {
    const auto request = request_for(random);
    world.step(some_time(random), request);
    if (testing::Test::HasFatalFailure()) {
      ADD_FAILURE() << "life " << seed << ", step " << step;
      break;
    }
  }
  return {world.turns(), world.moves()};
}

}  // namespace dkim::keytool::rotation_test
