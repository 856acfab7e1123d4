#include "milter/in_flight.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <thread>
#include <vector>

namespace dkim::milter {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds at_once{0};
constexpr milliseconds long_enough{30'000};

TEST(InFlight, HasNothingToWaitForAtFirst) {
  InFlight in_flight;
  EXPECT_FALSE(in_flight.draining());
  EXPECT_TRUE(in_flight.wait_for_messages(at_once));
  EXPECT_TRUE(in_flight.wait_for_replies(at_once));
}

TEST(InFlight, CountsATokenForAsLongAsItLives) {
  InFlight in_flight;
  {
    const auto message = in_flight.message();
    EXPECT_FALSE(in_flight.wait_for_messages(at_once));
    EXPECT_TRUE(in_flight.wait_for_replies(at_once));
  }
  EXPECT_TRUE(in_flight.wait_for_messages(at_once));
  {
    const auto reply = in_flight.reply();
    EXPECT_TRUE(in_flight.wait_for_messages(at_once));
    EXPECT_FALSE(in_flight.wait_for_replies(at_once));
  }
  EXPECT_TRUE(in_flight.wait_for_replies(at_once));
}

TEST(InFlight, AMovedTokenCountsOnce) {
  InFlight in_flight;
  std::optional<InFlight::Token> kept;
  {
    auto message = in_flight.message();
    kept.emplace(*std::move(message));
  }
  EXPECT_FALSE(in_flight.wait_for_messages(at_once));
  kept.reset();
  EXPECT_TRUE(in_flight.wait_for_messages(at_once));
}

TEST(InFlight, WakesTheWaitingThreadWhenTheLastMessageEnds) {
  InFlight in_flight;
  auto first = in_flight.message();
  auto second = in_flight.message();
  in_flight.begin_drain();
  EXPECT_TRUE(in_flight.draining());
  std::thread ends([&] {
    first.reset();
    second.reset();
  });
  EXPECT_TRUE(in_flight.wait_for_messages(long_enough));
  ends.join();
}

TEST(InFlight, RefusesNewMessagesOnceItIsDraining) {
  InFlight in_flight;
  auto before = in_flight.message();
  ASSERT_TRUE(before);
  in_flight.begin_drain();
  EXPECT_FALSE(in_flight.message());
  EXPECT_FALSE(in_flight.wait_for_messages(at_once));
  before.reset();
  EXPECT_TRUE(in_flight.wait_for_messages(at_once));
}

TEST(InFlight, IsSafeFromManyThreads) {
  InFlight in_flight;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 5000; ++round) {
        const auto message = in_flight.message();
        const auto reply = in_flight.reply();
      }
    });
  }
  in_flight.begin_drain();
  EXPECT_TRUE(in_flight.wait_for_messages(long_enough));
  for (auto& thread : threads)
    thread.join();
  EXPECT_TRUE(in_flight.wait_for_messages(at_once));
  EXPECT_TRUE(in_flight.wait_for_replies(at_once));
}

}  // namespace
}  // namespace dkim::milter
