// Tests how long the machines of a fleet wait, and that they do not wait equally long.
#include "keytool/fleet/pauses.hpp"

#include <gtest/gtest.h>

#include <climits>
#include <set>

namespace dkim::keytool::fleet {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds first(1000);
constexpr milliseconds longest(30'000);

TEST(Pauses, grow_with_each_failure_up_to_the_longest) {
  Pauses pauses;
  const std::pair<int, milliseconds> limits[] = {{1, milliseconds(1000)},   {2, milliseconds(2000)},
                                                 {3, milliseconds(4000)},   {5, milliseconds(16'000)},
                                                 {6, milliseconds(30'000)}, {INT_MAX, milliseconds(30'000)}};
  for (const auto& [failures, limit] : limits) {
    for (int i = 0; i < 1000; ++i) {
      const auto pause = pauses.after(failures, first, longest);
      EXPECT_GE(pause, limit / 2) << failures;
      EXPECT_LE(pause, limit) << failures;
    }
  }
}

// A hundred machines that lost the server at once: each has pauses of its own, and they fill the whole range.
TEST(Pauses, of_machines_differ) {
  std::set<milliseconds> seen;
  for (int machine = 0; machine < 100; ++machine)
    seen.insert(Pauses().after(6, first, longest));
  EXPECT_GT(seen.size(), 90U);
  EXPECT_LT(*seen.begin(), milliseconds(18'000));
  EXPECT_GT(*seen.rbegin(), milliseconds(27'000));
}

}  // namespace
}  // namespace dkim::keytool::fleet
