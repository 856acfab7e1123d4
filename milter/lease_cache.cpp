#include "milter/lease_cache.hpp"

namespace dkim::milter {
namespace {

constexpr std::chrono::seconds between_looks{1};

}  // namespace

void LeaseCache::require() const {
  const auto known = known_now();
  if (known.fault) throw crypto::LeaseError(*known.fault);
  crypto::require_lease(store_, known.lease, crypto::utc_now());
}

std::optional<crypto::UtcTime> LeaseCache::end() const {
  const auto known = known_now();
  if (known.fault || (known.lease.in_fleet && !known.lease.end)) return crypto::UtcTime();
  return known.lease.end;
}

LeaseCache::Known LeaseCache::known_now() const {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  if (!looked_ || now - *looked_ >= between_looks) {
    look();
    looked_ = now;
  }
  return known_;
}

// libconfig leaks some bytes with each syntax error, so a damaged file is read once, as a whole one is.
void LeaseCache::look() const {
  const auto now = crypto::file_clock_now();
  Known next;
  try {
    next.stamp = crypto::lease_stamp(store_);
    if (known_.settled && next.stamp && known_.stamp == next.stamp) return;
    next.settled = next.stamp && next.stamp->is_settled_at(now);
    next.lease = crypto::find_lease(store_);
  } catch (const crypto::LeaseError& error) {
    next.fault = error;
    next.settled = next.settled && error.kind() == crypto::LeaseError::Kind::damaged;
  }
  known_ = std::move(next);
}

}  // namespace dkim::milter
