#include "crypto/utc_time.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

namespace dkim::crypto {
namespace {

TEST(UtcTimeTest, ReadsWhatItWrites) {
  for (const auto* text :
       {"1970-01-01T00:00:00Z", "2026-11-24T06:00:00Z", "2024-02-29T23:59:59Z", "2099-12-31T00:00:00Z",
        // Where 32 bits end, and where they would without a sign.
        "2038-01-19T03:14:07Z", "2038-01-19T03:14:08Z", "2106-02-07T06:28:16Z",
        // These are beyond the range of nanoseconds in 64 bits.
        "1013-01-01T00:00:00Z", "2263-01-01T00:00:00Z", "9999-12-31T23:59:59Z"}) {
    const auto time = parse_utc_time(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(to_string(*time), text);
  }
  EXPECT_EQ(parse_utc_time("2026-11-24T06:00:00Z")->time_since_epoch().count(), 1795500000);
  EXPECT_EQ(parse_utc_time("2038-01-19T03:14:08Z")->time_since_epoch().count(), 2147483648);
  EXPECT_EQ(parse_utc_time("1969-12-31T23:59:59Z")->time_since_epoch().count(), -1);
}

TEST(UtcTimeTest, NowIsTheClockOfTheSystem) {
  // Not std::time(), whose clock is some milliseconds behind.
  const auto clock = [] { return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()); };
  const auto before = clock();
  const auto now = utc_now().time_since_epoch().count();
  EXPECT_LE(before, now);
  EXPECT_LE(now, clock());
}

TEST(UtcTimeTest, IgnoresTheTimeZone) {
  setenv("TZ", "Pacific/Auckland", 1);
  tzset();
  EXPECT_EQ(to_string(UtcTime(std::chrono::seconds(1795500000))), "2026-11-24T06:00:00Z");
  EXPECT_EQ(parse_utc_time("2026-11-24T06:00:00Z")->time_since_epoch().count(), 1795500000);
  unsetenv("TZ");
  tzset();
}

TEST(UtcTimeTest, ReadsOnlyThisForm) {
  for (const auto* text : {"",
                           "2026-11-24",
                           "2026-11-24T06:00:00",
                           "2026-11-24T06:00:00z",
                           "2026-11-24 06:00:00Z",
                           "2026-11-24T06:00:00Z ",
                           " 2026-11-24T06:00:00Z",
                           "2026-1-24T06:00:00Z",
                           "2026-02-31T06:00:00Z",
                           "2025-02-29T06:00:00Z",
                           "2026-11-24T24:00:00Z",
                           "2026-11-24T06:60:00Z",
                           "2026-11-24T06:00:60Z",
                           "2026-00-24T06:00:00Z",
                           "2026-13-24T06:00:00Z",
                           "2026-11-00T06:00:00Z",
                           "+026-11-24T06:00:00Z",
                           "12026-11-24T06:00:00Z",
                           "2026-11-24T06:00:00+01:00",
                           "now"})
    EXPECT_EQ(parse_utc_time(text), std::nullopt) << text;
  EXPECT_EQ(parse_utc_time(std::string_view("2026-11-24T06:00:00Z\0", 21)), std::nullopt);
}

}  // namespace
}  // namespace dkim::crypto
