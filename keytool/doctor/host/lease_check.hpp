// Checks whether this machine may sign, if its key directory is the copy of a fleet (crypto/store/lease.hpp).
// What cannot be read is a finding.
#pragma once

#include <optional>

#include "crypto/store/key_store.hpp"
#include "crypto/utc_time.hpp"
#include "keytool/doctor/findings/finding.hpp"
#include "keytool/system/file_access.hpp"

namespace dkim::keytool {

// Returns nothing for a store that belongs to no fleet. Without the daemon's user, checks only the files.
Findings check_lease(const crypto::KeyStore& store, crypto::UtcTime now,
                     const std::optional<Credentials>& daemon);

}  // namespace dkim::keytool
