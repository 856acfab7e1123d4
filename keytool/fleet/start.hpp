// dkimkey fleet init: makes the tables and the sealing key, or brings them up to date.
//
// Killed anywhere, the command is given again and goes on. Failures are DatabaseError; StoreError,
// KeyFileError and SealError for this machine's file.
#pragma once

#include "keytool/fleet/fleet_database.hpp"
#include "keytool/fleet/fleet_settings.hpp"
#include "keytool/fleet/schema.hpp"

namespace dkim::keytool::fleet {

struct InitResult {
  SchemaChange schema = SchemaChange::none;
  bool made_key = false;        // the file of sealing keys was made
  bool registered_key = false;  // and the fleet knows its key from now on
  StoreState state;
};

InitResult init(FleetDatabase& database, const FleetSettings& settings);

}  // namespace dkim::keytool::fleet
