#include "keytool/dns/observation.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

#include "keytool/dns/at_once.hpp"

namespace dkim::keytool {
namespace {

using State = RecordView::State;

ServerFinding serving(const std::string& address, RecordStatus status) {
  return {"ns1.", address, RecordFinding{status, {}}, {}, {}};
}

ServerFinding silent(const std::string& address) {
  return {.server = "ns1.",
          .address = address,
          .trouble = DnsError{DnsFault::no_answer}.text(),
          .fault = DnsFault::no_answer};
}

ServerFinding unasked(const std::string& address) {
  return {.server = "ns1.",
          .address = address,
          .trouble = DnsError{DnsFault::out_of_time}.text(),
          .fault = DnsFault::out_of_time};
}

RecordView view_of(std::vector<ServerFinding> servers) {
  Observation observation;
  observation.servers = std::move(servers);
  return summarize(observation);
}

TEST(Observation, only_addresses_that_answer_count_for_a_server) {
  const auto view = view_of({serving("192.0.2.1", RecordStatus::right), silent("2001:db8::1")});
  EXPECT_EQ(view.state, State::right);
  EXPECT_TRUE(view.all_answered);
}

TEST(Observation, an_address_that_was_not_asked_in_time_may_serve_anything) {
  const auto view = view_of({serving("192.0.2.1", RecordStatus::right), unasked("192.0.2.2")});
  EXPECT_EQ(view.state, State::unknown);
  EXPECT_EQ(view.so_far, State::right);
  EXPECT_FALSE(view.all_answered);
  EXPECT_NE(view.detail.find("ns1. was not asked: time is up"), std::string::npos) << view.detail;
}

TEST(Observation, a_missing_record_may_still_be_served_where_nobody_was_asked) {
  const auto view = view_of({serving("192.0.2.1", RecordStatus::missing), unasked("192.0.2.2")});
  EXPECT_EQ(view.state, State::missing);
  EXPECT_FALSE(view.all_answered);
}

TEST(Observation, an_empty_record_here_and_none_there_are_both_void) {
  auto other = serving("192.0.2.2", RecordStatus::missing);
  other.server = "ns2.";
  const auto view = view_of({serving("192.0.2.1", RecordStatus::revoked), other});
  EXPECT_EQ(view.state, State::wrong);
  EXPECT_TRUE(view.only_void);
  EXPECT_TRUE(view.is_empty());
  other.finding->status = RecordStatus::other_key;
  EXPECT_FALSE(view_of({serving("192.0.2.1", RecordStatus::revoked), other}).only_void);
  EXPECT_FALSE(view_of({silent("192.0.2.1")}).only_void);
}

TEST(AtOnce, makes_each_call_once_and_limits_how_many_run_at_a_time) {
  constexpr std::size_t count = 200;
  std::vector<int> done(count, 0);
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  do_at_once(count, 4, [&](std::size_t i) {
    const int running = ++now;
    int seen = most;
    while (seen < running && !most.compare_exchange_weak(seen, running)) {
    }
    ++done[i];
    --now;
  });
  EXPECT_EQ(done, std::vector<int>(count, 1));
  EXPECT_LE(most, 4);
  do_at_once(0, 4, [](std::size_t) { FAIL(); });
}

TEST(AtOnce, rethrows_after_all_calls_have_been_made) {
  std::atomic<int> done{0};
  EXPECT_THROW(do_at_once(20, 4,
                          [&](std::size_t i) {
                            if (i == 0) throw std::runtime_error("no");
                            ++done;
                          }),
               std::runtime_error);
  EXPECT_EQ(done, 19);
}

}  // namespace
}  // namespace dkim::keytool
