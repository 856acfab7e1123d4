// After the fleet's database went back in time: what a person chooses for this machine (dkimkey fleet sync
// --keep).
//
// fleet: this machine takes the database's state of every domain, and drops domains that only it has.
// local: this machine's newer domains go into the database, and the rest comes from there. So what was done
// here after the backup and what was done elsewhere after the restore are both kept. If both changed a
// domain, the later change wins.
//
// Everything is named before it happens. Killed anywhere, the copy still says that the database went back:
// the command is given again and finishes what is left.
//
// Failures are DatabaseError, StoreError, KeyFileError and SealError.
#pragma once

#include <functional>
#include <string>

#include "crypto/store/key_store.hpp"
#include "crypto/utc_time.hpp"
#include "keytool/fleet/fleet_database.hpp"
#include "keytool/fleet/fleet_settings.hpp"

namespace dkim::keytool::fleet {

enum class Keep { fleet, local };

// How many domains that differ are named.
constexpr std::size_t most_named = 50;

struct KeepReport {
  bool went_back = true;        // false: the histories are the same, and nothing was done
  std::size_t brought = 0;      // into the database
  std::size_t not_removed = 0;  // here, since something is wrong with them
  std::size_t written = 0;      // here
  std::size_t removed = 0;      // here
  std::size_t refused = 0;      // not taken, because of what is in the database's row
};

// say: is told a line at a time what differs, and what becomes of it.
KeepReport keep(const crypto::KeyStore& store, const FleetSettings& settings, FleetDatabase& database,
                Keep which, crypto::UtcTime now, const std::function<void(const std::string&)>& say);

}  // namespace dkim::keytool::fleet
