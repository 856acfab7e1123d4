// --at TIME: what would be if it were another time.
#pragma once

#include <optional>

#include "crypto/utc_time.hpp"
#include "keytool/cli/command_line.hpp"

namespace dkim::keytool {

// Nothing if the option was not given. Throws UsageError.
std::optional<crypto::UtcTime> time_option(const ParsedOptions& options);

}  // namespace dkim::keytool
