// Says READY=1 to the service manager once the daemon answers on its own socket, and WATCHDOG=1 as long as it
// does (sd_notify(3), sd_watchdog_enabled(3)).
//
// A thread of its own, so that the main one stays with the signals.
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

// How often the service manager wants to hear of us: $WATCHDOG_USEC, unless $WATCHDOG_PID says that another
// process is meant. None if it does not.
std::optional<std::chrono::microseconds> watchdog_interval();

class SelfWatch {
 public:
  // Asks at once. Where no answer comes in time, logs it and calls on_failure, once and from the thread, and
  // asks no more. The log outlives this. Throws std::system_error if there is no descriptor or thread.
  SelfWatch(const SocketAddress& address, const Log& log, std::function<void()> on_failure);
  SelfWatch(const SelfWatch&) = delete;
  SelfWatch& operator=(const SelfWatch&) = delete;
  ~SelfWatch() { stop(); }

  // After this the service manager hears nothing from here. At once, even in the midst of a question.
  void stop() noexcept;

  // The daemon did not answer after its start.
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
  std::string trouble_;        // that was logged last
  bool within_reach_ = false;  // an answer has come, this time or before
  std::atomic<bool> failed_ = false;
  std::thread thread_;
};

}  // namespace dkim::milter
