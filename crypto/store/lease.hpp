// Whether a key directory may be used for signing now: a copy that belongs to a fleet may be only as long as
// its lease runs (crypto/store/membership.hpp). For both programs.
#pragma once

#include <optional>
#include <string>

#include "crypto/error.hpp"
#include "crypto/file_stamp.hpp"
#include "crypto/store/key_store.hpp"
#include "crypto/utc_time.hpp"

namespace dkim::crypto {

// No key of this directory may be used, because the lease is over, missing or unreadable. The message says
// what to do.
class LeaseError : public StoreError {
 public:
  enum class Kind {
    over,        // or there is none yet
    unreadable,  // for now
    damaged,     // until the file changes
  };
  LeaseError(Kind kind, const std::string& what) : StoreError(what), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

// What a key directory says of its lease.
struct Lease {
  bool in_fleet = false;
  // Nothing: a store that belongs to no fleet has no end, a copy without a lease may not be used at all.
  std::optional<UtcTime> end;

  bool is_over_at(UtcTime now) const { return end ? *end <= now : in_fleet; }
};

// Reads it. Throws LeaseError if that cannot be done.
Lease find_lease(const KeyStore& store);

// Takes one stat(2), two without a lease; returns nothing for a store that belongs to no fleet. Another
// stamp: find_lease() may have another answer. Throws LeaseError if that cannot be found out.
std::optional<FileStamp> lease_stamp(const KeyStore& store);

// Throws LeaseError if the lease is over at that time.
void require_lease(const KeyStore& store, const Lease& lease, UtcTime now);

}  // namespace dkim::crypto
