// Limits the time for all the questions of one look, however many servers are silent.
#pragma once

#include <chrono>

namespace dkim::keytool {

// The limit for all servers of all zones on the way. A question that is under way at the end still gets its
// own few seconds.
constexpr std::chrono::seconds longest_look{60};

class Deadline {
 public:
  explicit Deadline(std::chrono::steady_clock::duration from_now)
      : at_(std::chrono::steady_clock::now() + from_now) {}

  bool is_over() const { return std::chrono::steady_clock::now() >= at_; }

 private:
  std::chrono::steady_clock::time_point at_;
};

}  // namespace dkim::keytool
