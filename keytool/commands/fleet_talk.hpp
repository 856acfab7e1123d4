// What the subcommands of dkimkey fleet say in the same words: differences, progress, and what a first pass
// did.
#pragma once

#include <string>
#include <vector>

#include "keytool/cli/command_line.hpp"
#include "keytool/cli/exit_code.hpp"
#include "keytool/fleet/join.hpp"

namespace dkim::keytool {

// Throws ConfigurationError if fleet.conf is missing or wrong.
fleet::FleetSettings fleet_settings_of(const ParsedOptions& options);

// Prints on standard error, on a terminal only, how far long work is. what: "compared", "taken in".
fleet::Progress fleet_progress(std::string what);

// With the progress of a terminal, and with refusals on standard error.
fleet::JoinRequest join_request(std::string version);

// Prints each domain, and a line below it for each thing that differs.
void print_differences(const std::vector<fleet::DomainDifference>& differences);

// Says what a first pass did, and what is to be done next.
ExitCode report_sync(const fleet::SyncResult& sync, const crypto::KeyStore& store, const std::string& host);

}  // namespace dkim::keytool
