// Prints what dkimkey fleet status found. What comes from the database is escaped.
#pragma once

#include <optional>

#include "crypto/store/membership.hpp"
#include "keytool/fleet/status.hpp"

namespace dkim::keytool {

void print_status_table(const fleet::FleetStatus& status);
// here: this machine's membership.
void print_status_json(const fleet::FleetStatus& status, const std::optional<crypto::Membership>& here);

}  // namespace dkim::keytool
