// Signals that end nothing while there is something to clean up.
#include "keytool/system/stop_signals.hpp"

#include <gtest/gtest.h>
#include <poll.h>

namespace dkim::keytool {
namespace {

TEST(StopSignals, notices_a_signal_once_and_for_all) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    StopSignals stop;
    EXPECT_FALSE(stop.has_come());
    EXPECT_FALSE(stop.wait(std::chrono::milliseconds(1)));
    raise(number);
    EXPECT_TRUE(stop.wait(std::chrono::hours(1)));
    EXPECT_TRUE(stop.has_come());
  }
}

TEST(StopSignals, has_a_descriptor_to_wait_for_together_with_others) {
  StopSignals stop;
  pollfd polled{stop.descriptor(), POLLIN, 0};
  EXPECT_EQ(poll(&polled, 1, 0), 0);
  raise(SIGTERM);
  EXPECT_EQ(poll(&polled, 1, -1), 1);
  EXPECT_TRUE(stop.has_come());
}

TEST(StopSignals, leaves_the_mask_as_it_was) {
  sigset_t before;
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  { const StopSignals stop; }
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (const int number : {SIGINT, SIGTERM, SIGHUP})
    EXPECT_EQ(sigismember(&before, number), sigismember(&after, number));
}

TEST(StopSignals, leaves_no_signal_behind) {
  {
    const StopSignals stop;
    raise(SIGTERM);
  }
  SUCCEED();  // it would have ended the program
}

}  // namespace
}  // namespace dkim::keytool
