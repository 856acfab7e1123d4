// Gathers what doctor judges about this machine's fleet (keytool/doctor/host/fleet_check).
#pragma once

#include <optional>

#include "keytool/cli/configuration.hpp"
#include "keytool/doctor/host/fleet_check.hpp"

namespace dkim::keytool {

// Returns nothing if this machine is in no fleet. Never throws for the fleet's part: what goes wrong is a
// fact.
std::optional<FleetFacts> gather_fleet_facts(const Configuration& configuration);

}  // namespace dkim::keytool
