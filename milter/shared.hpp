// Holds what all connections share: the configuration with its keys, the log, the metrics, and the count of
// messages in flight. All of it is thread-safe and outlives every session.
#pragma once

#include <memory>
#include <mutex>

#include "milter/config.hpp"
#include "milter/in_flight.hpp"
#include "milter/key_cache.hpp"
#include "milter/log.hpp"
#include "milter/login_cache.hpp"
#include "milter/metrics/metrics.hpp"

namespace dkim::milter {

// The configuration and what depends on it. A reload replaces it as a whole; a message keeps the one that was
// in effect at its MAIL.
struct Setup {
  // The metrics, which outlive this, count the look-ups of keys.
  Setup(Config new_config, Metrics& metrics);
  Setup(const Setup&) = delete;
  Setup& operator=(const Setup&) = delete;
  Config config;
  KeyCache keys;
  LoginCache logins;
};

class Shared {
 public:
  // The log outlives this.
  Shared(Config first, Log& daemon_log);

  std::shared_ptr<Setup> setup() const;
  // Takes effect for messages that begin from now on. Throws std::bad_alloc, and then nothing has changed.
  void replace_setup(Config config);

  Log& log;
  InFlight in_flight;
  Metrics metrics;

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<Setup> setup_;
};

}  // namespace dkim::milter
