// Checks whether the daemon can read the table of logins; whether it is right is for dkimsignd --check.
#pragma once

#include <optional>

#include "crypto/settings/login_settings.hpp"
#include "keytool/doctor/findings/finding.hpp"
#include "keytool/system/file_access.hpp"

namespace dkim::keytool {

// Returns nothing if there is no table, or if the daemon's user is not known.
Findings check_login_table(const crypto::LoginSettings& logins, const std::optional<Credentials>& daemon);

}  // namespace dkim::keytool
