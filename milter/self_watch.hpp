// Sends READY=1 to the service manager once the daemon answers on its own socket, and WATCHDOG=1 as long as
// it does (sd_notify(3), sd_watchdog_enabled(3)).
//
// Runs in a thread of its own, so that the main thread stays with the signals.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <thread>

#include "crypto/file.hpp"
#include "milter/log.hpp"
#include "milter/self_probe.hpp"

namespace dkim::milter {

class SelfWatch {
 public:
  // Starts the thread, which probes the socket at once. If no answer comes in time, it logs that, calls
  // on_failure once, and ends. The log outlives this. Throws std::system_error if there is no descriptor or
  // thread.
  SelfWatch(const SocketAddress& address, const Log& log, std::function<void()> on_failure);
  SelfWatch(const SelfWatch&) = delete;
  SelfWatch& operator=(const SelfWatch&) = delete;
  ~SelfWatch() { stop(); }

  // Ends the thread at once, even during a probe. Nothing is sent to the service manager after this.
  void stop() noexcept;

  // Returns true if the daemon did not answer after its start.
  bool failed() const { return failed_; }

 private:
  enum class Fed { yes, no };

  void run() noexcept;
  bool becomes_ready();
  void feed_while_answered(std::chrono::microseconds interval) noexcept;
  Fed feed(std::chrono::milliseconds patience) noexcept;
  void report(const ProbeResult& result);
  bool stopped_within(std::chrono::microseconds time) const noexcept;

  std::string socket_;
  SelfProbe probe_;
  const Log& log_;
  std::function<void()> on_failure_;
  crypto::FileDescriptor stop_;
  std::string trouble_;        // the one that was logged last; empty if there is none
  bool within_reach_ = false;  // the socket has answered at least once
  std::atomic<bool> failed_ = false;
  std::thread thread_;
};

}  // namespace dkim::milter
