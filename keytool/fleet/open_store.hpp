// Opens what this machine's keys are changed in: its key directory, or the database of the fleet to which the
// key directory belongs.
#pragma once

#include <memory>

#include "crypto/store/store_of_record.hpp"
#include "keytool/cli/configuration.hpp"

namespace dkim::keytool::fleet {

// The key directory need not exist.
std::unique_ptr<crypto::StoreOfRecord> open_store_of_record(const Configuration& configuration);

}  // namespace dkim::keytool::fleet
