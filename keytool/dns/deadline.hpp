// An end to all the questions of one look, however many servers are silent.
#pragma once

#include <chrono>
#include <string_view>

namespace dkim::keytool {

// For all servers of all zones on the way. The question that is under way then is still waited for: some
// seconds.
constexpr std::chrono::seconds longest_look{60};

// What is said of a server that would have been asked after that.
constexpr std::string_view time_is_up = "not asked: time is up";

class Deadline {
 public:
  explicit Deadline(std::chrono::steady_clock::duration from_now)
      : at_(std::chrono::steady_clock::now() + from_now) {}

  bool is_over() const { return std::chrono::steady_clock::now() >= at_; }

 private:
  std::chrono::steady_clock::time_point at_;
};

}  // namespace dkim::keytool
