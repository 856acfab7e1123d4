// Knows whether the keys may be used now: a machine of a fleet signs only as long as its lease runs
// (crypto/store/lease.hpp).
//
// Looks at the files at most once a second, and reads them only when they changed: a message costs a look at two
// clocks. Thread-safe. A lease that cannot be read is tried again each second; one that does not parse, when it
// changes.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "crypto/store/key_store.hpp"
#include "crypto/store/lease.hpp"

namespace dkim::milter {

class LeaseCache {
 public:
  explicit LeaseCache(crypto::KeyStore store) : store_(std::move(store)) {}

  // Throws crypto::LeaseError if no key may be used now.
  void require();

  // For the metrics: the end of the lease. Nothing for a store that belongs to no fleet; a time long past if there is no
  // lease that could be read.
  std::optional<crypto::UtcTime> end();

 private:
  using Clock = std::chrono::steady_clock;
  struct Known {
    std::optional<crypto::FileStamp> stamp;
    bool settled = false;
    crypto::Lease lease;
    std::string damage;  // why there is no lease to be known, if so
  };

  std::shared_ptr<const Known> known_now();
  Known look() const;
  bool is_current(const Known& known, const std::optional<crypto::FileStamp>& stamp) const;

  crypto::KeyStore store_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Known> known_;
  std::optional<Clock::time_point> looked_;
};

}  // namespace dkim::milter
