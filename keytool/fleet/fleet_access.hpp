// What every command that works on a fleet needs first: the settings, and sealing keys that are the fleet's.
//
// Failures are SettingsError for fleet.conf; KeyFileError and SealError for the file of sealing keys, with
// what to do.
#pragma once

#include <filesystem>
#include <optional>

#include "crypto/keys/sealing_keys.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/fleet/fleet_database.hpp"
#include "keytool/fleet/fleet_settings.hpp"

namespace dkim::keytool::fleet {

// named: the file that the configuration names; the default one if nothing is named. Either has to be there,
// with a connection that libpq can read.
FleetSettings require_fleet_settings(const std::optional<std::filesystem::path>& named);

// Returns the same for the whole configuration. Throws ConfigurationError, which ends a command with wrong
// usage.
FleetSettings configured_fleet_settings(const Configuration& configuration);

// Throws SealError if the machine lacks the newest of the fleet's sealing keys, or has another key under the
// number of any.
void check_sealing_keys(const crypto::SealingKeys& keys, const StoreState& state,
                        const std::filesystem::path& file);

// Reads the file and checks it as above.
crypto::SealingKeys read_sealing_keys(const FleetSettings& settings, const StoreState& state);

}  // namespace dkim::keytool::fleet
