// Opens what this machine's keys are changed in: its key directory, or the database of the fleet to which the
// key directory belongs. One file in the key directory decides (crypto/store/membership): without it nothing
// asks for a fleet, whatever the configuration names.
//
// Failures are StoreError; SettingsError for that file; ConfigurationError for fleet.conf.
#pragma once

#include <memory>

#include "crypto/store/store_of_record.hpp"
#include "keytool/cli/configuration.hpp"

namespace dkim::keytool::fleet {

// The key directory need not exist.
std::unique_ptr<crypto::StoreOfRecord> open_store_of_record(const Configuration& configuration);

}  // namespace dkim::keytool::fleet
