// A fleet's database as the store of record. Every change is one transaction there, and then the domain's
// files on this machine are written; other machines get it by their agents.
//
// Connections are made when they are needed, one for each thread that is at work at once. Every change, and
// the first read, refuses a database that is not the one of this machine's copy or went back in time.
#pragma once

#include <memory>

#include "crypto/store/key_store.hpp"
#include "crypto/store/store_of_record.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/fleet/fleet_settings.hpp"

namespace dkim::keytool::fleet {

// Throws SettingsError and StoreError if the machine's own files do not allow it; the database is not asked
// yet.
std::unique_ptr<crypto::StoreOfRecord> open_fleet_store(const crypto::KeyStore& files,
                                                        FleetSettings settings);

// Does that with the settings of fleet.conf. Throws ConfigurationError if that file is missing or wrong.
std::unique_ptr<crypto::StoreOfRecord> open_configured_fleet_store(const crypto::KeyStore& files,
                                                                   const Configuration& configuration);

}  // namespace dkim::keytool::fleet
