// Sends messages through some connections to a milter, for a limited number of messages or seconds.
#pragma once

#include <atomic>
#include <barrier>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/milter_client.hpp"

namespace dkim::bench {

struct LoadOptions {
  std::string socket;
  unsigned connections = 4;
  std::uint64_t messages = 0;  // 0: no limit
  double seconds = 0;          // 0: no limit
  std::size_t size = 2048;     // bytes, header and body
  std::string domain = "example.com";
  std::string shape = "plain";
  std::uint64_t per_connection = 1;  // messages before a new connection is made; 0: one for all
  std::uint64_t warm_up = 20;        // messages per connection before the clock runs
  std::size_t signatures = 1;        // that each message must get from `domain`
  unsigned timeout = 30;             // seconds
};

struct LoadOutcome {
  std::uint64_t sent = 0;
  std::uint64_t not_signed = 0;
  std::vector<float> milliseconds;  // of each message
  std::string first_problem;
};

// Uses one blocking thread per connection, so that the generator costs little compared with the milter.
class Load {
 public:
  explicit Load(const LoadOptions& options);

  LoadOutcome run();

  double seconds() const { return std::chrono::duration<double>(stop_ - start_).count(); }
  std::size_t message_octets() const { return octets_; }

 private:
  using Clock = std::chrono::steady_clock;

  struct StartClock {
    Clock::time_point* start;
    void operator()() noexcept { *start = Clock::now(); }
  };

  struct Connection {
    unsigned number = 0;
    std::optional<test::MilterClient> client;
    std::uint64_t messages = 0;
  };

  void serve(unsigned number);
  void send_one(Connection& connection, LoadOutcome& outcome);
  void check(const test::MessageResult& result, LoadOutcome& outcome) const;
  bool another();

  LoadOptions options_;
  std::vector<test::Field> fields_;
  std::string body_;
  std::size_t octets_ = 0;
  Clock::time_point start_;
  Clock::time_point stop_;
  std::barrier<StartClock> start_line_;
  std::atomic<std::uint64_t> taken_ = 0;
  std::atomic<bool> failed_ = false;
  std::mutex total_mutex_;
  LoadOutcome total_;
};

}  // namespace dkim::bench
