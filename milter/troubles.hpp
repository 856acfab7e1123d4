// Troubles that strike many connections at once: each is told when it begins and when it is over, and not for
// each connection.
//
// For the code below libmilter, which has nothing to hand a log through; hence one object for the process.
// Thread-safe; nothing here throws.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "milter/log.hpp"

namespace dkim::milter {

enum class Trouble {
  descriptors,  // no more descriptors: a connection was closed
  threads,      // no more threads: connections wait for those that there are
  memory,       // no more memory: a connection was closed
  stalled,      // a peer did not go on with its packet: its connection was closed
  deaf,         // a peer did not take its answer: its connection was closed
  disorder,     // a peer sent a packet where the protocol has none: its connection was closed
};
constexpr std::size_t trouble_count = 6;

class Troubles {
 public:
  // Until then nothing is logged. The log outlives the process's threads.
  void log_to(const Log& log) noexcept;

  // It has struck a connection.
  void note(Trouble trouble) noexcept;

  // To be called now and then: ends the ones that have not struck for some time. True while one goes on.
  bool look() noexcept;

 private:
  using Clock = std::chrono::steady_clock;
  struct Episode {
    bool told = false;
    std::uint64_t strikes = 0;
    Clock::time_point last;
  };

  std::atomic<bool> some_ = false;
  std::mutex mutex_;
  const Log* log_ = nullptr;
  std::array<Episode, trouble_count> episodes_;
};

Troubles& troubles();

}  // namespace dkim::milter
