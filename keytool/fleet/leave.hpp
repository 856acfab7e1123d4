// dkimkey fleet leave: says in the database that a machine will not come back, or gives this machine a key
// store of its own again.
//
// Failures are DatabaseError; StoreError for this machine.
#pragma once

#include <optional>
#include <string>

#include "crypto/store/key_store.hpp"
#include "crypto/utc_time.hpp"
#include "keytool/fleet/fleet_database.hpp"
#include "keytool/fleet/fleet_settings.hpp"
#include "keytool/fleet/join.hpp"

namespace dkim::keytool::fleet {

struct LeaveResult {
  SignerRow signer;         // as it was when it left
  bool had_left = false;    // it had left before
  bool in_contact = false;  // it reported shortly before: it is not gone
  crypto::UtcTime now;      // the database's
};

// Throws StoreError if the fleet has no such machine.
LeaveResult leave(FleetDatabase& database, const std::string& host);

struct KeepResult {
  bool is_own = false;            // false: the last pass did not bring everything, and nothing was ended
  crypto::Membership membership;  // that ended
  SyncResult sync;                // the last pass
  std::size_t others = 0;         // machines that stay in the fleet
};

// Brings the copy up to date, leaves, and makes it this machine's own store. Throws NoMember if it is none.
KeepResult leave_and_keep(const crypto::KeyStore& store, const FleetSettings& settings,
                          FleetDatabase& database, const JoinRequest& request);

// Makes the copy this machine's own as it is, for a fleet whose database is gone for good: no other machine
// learns of it.
crypto::Membership keep_without_database(const crypto::KeyStore& store);

// Removes the lease of a machine that is in no fleet any more: it was killed while it left, or while it
// joined. Returns false if there is none.
bool end_leftover_lease(const crypto::KeyStore& store);

}  // namespace dkim::keytool::fleet
