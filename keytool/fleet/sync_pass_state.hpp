// What one pass of SyncPass works with. For sync_pass.cpp and sync_lease.cpp alone.
#pragma once

#include <optional>

#include "keytool/fleet/sync_pass.hpp"

namespace dkim::keytool::fleet {

struct SyncPass::Pass {
  Pass(FleetDatabase& from, const crypto::KeyStore& store, crypto::UtcTime time)
      : database(from), before(time), turn(store) {}

  FleetDatabase& database;
  // From before the first word with the database: what a contact promises counts from here.
  crypto::UtcTime before;
  CopyTurn turn;
  crypto::Membership& membership = turn.membership;
  StoreState state;
  std::optional<crypto::SealingKeys> sealing_keys;
  bool has_reported = false;  // and so the machine has not left
  SyncResult result;
};

// What is written only to say that all is well: in the database, 17 rows a second of 500 idle signers.
inline constexpr std::chrono::seconds between_contacts(30);

// True at a clock that was set back, too.
inline bool is_due(const std::optional<crypto::UtcTime>& last, crypto::UtcTime now,
                   std::chrono::seconds period) {
  return !last || now < *last || now - *last >= period;
}

}  // namespace dkim::keytool::fleet
