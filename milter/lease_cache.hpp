// Knows whether the keys may be used now: a machine of a fleet signs only as long as its lease runs
// (crypto/store/lease.hpp).
//
// Looks at the files once a second at most, and reads them only when they changed; between two looks, a
// message costs a look at two clocks. Thread-safe. A lease that cannot be read is tried again at the next
// look, one that does not parse when it changes.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "crypto/file_stamp.hpp"
#include "crypto/store/key_store.hpp"
#include "crypto/store/lease.hpp"
#include "crypto/utc_time.hpp"

namespace dkim::milter {

class LeaseCache {
 public:
  explicit LeaseCache(crypto::KeyStore store) : store_(std::move(store)) {}

  // Throws crypto::LeaseError if no key may be used now.
  void require() const;

  // Returns the end of the lease; nothing if the store belongs to no fleet, and the beginning of Unix time if
  // there is no lease that can be read.
  std::optional<crypto::UtcTime> end() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Known {
    std::optional<crypto::FileStamp> stamp;
    bool settled = false;
    crypto::Lease lease;
    std::optional<crypto::LeaseError> fault;  // why the lease is not known, if so
  };

  // Returns what a look found that is at most a second old.
  Known known_now() const;
  void look() const;

  crypto::KeyStore store_;
  mutable std::mutex mutex_;
  mutable std::optional<Clock::time_point> looked_;
  mutable Known known_;
};

}  // namespace dkim::milter
