// Troubles that affect many connections at once: each is logged when it begins and when it is over, and not
// once for each connection.
//
// The code below libmilter reports them. Nothing there could pass a log along, so there is one object for the
// process. Thread-safe; nothing here throws.
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
  descriptors,  // no descriptors are left: a connection was closed
  threads,      // no more threads can be started: connections wait for the existing ones
  memory,       // no memory is left: a connection was closed
  stalled,      // a peer did not complete its packet: its connection was closed
  deaf,         // a peer did not read its answer: its connection was closed
  disorder,     // a peer sent a packet that the protocol does not allow there: its connection was closed
};
// Depends on which one is the last.
constexpr std::size_t trouble_count = static_cast<std::size_t>(Trouble::disorder) + 1;

class Troubles {
 public:
  // Sets the log; before that, nothing is logged. The log outlives all threads of the process.
  void log_to(const Log& log) noexcept;

  // Notes that a connection is affected.
  void note(Trouble trouble) noexcept;

  // Ends the troubles that have affected no connection for some time; to be called now and then. Returns true
  // while a trouble goes on.
  bool look() noexcept;

 private:
  using Clock = std::chrono::steady_clock;
  struct Episode {
    bool logged = false;
    std::uint64_t connections = 0;
    Clock::time_point last;
  };

  std::atomic<bool> some_ = false;
  std::mutex mutex_;
  const Log* log_ = nullptr;
  std::array<Episode, trouble_count> episodes_;
};

// Returns the one object of the process.
Troubles& troubles();

}  // namespace dkim::milter
