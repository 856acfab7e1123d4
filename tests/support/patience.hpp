// Waits for a condition, never for a time, and never forever.
#pragma once

#include <sys/socket.h>
#include <sys/time.h>

#include <chrono>
#include <thread>

namespace dkim::test {

// A condition that does not hold after this long never will; a slow machine needs far less.
constexpr std::chrono::seconds patience{30};

// Polls until the condition holds; returns false if it does not within `patience`.
template <typename Condition>
bool eventually(const Condition& condition) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

// Makes every read from a socket, and every write to it, fail with EAGAIN after `patience`. Returns false if
// the socket refuses that.
inline bool limit_waits(int socket) {
  const timeval limit{patience.count(), 0};
  return setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 &&
         setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0;
}

}  // namespace dkim::test
