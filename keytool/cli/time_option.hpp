// Reads --at TIME, which asks what would happen at another time.
#pragma once

#include <optional>

#include "crypto/utc_time.hpp"
#include "keytool/cli/command_line.hpp"

namespace dkim::keytool {

// Returns nothing if the option was not given. Throws UsageError if it is not a UTC time.
std::optional<crypto::UtcTime> time_option(const ParsedOptions& options);

}  // namespace dkim::keytool
