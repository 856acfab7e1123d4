// The subcommands of dkimkey fleet, one file each in keytool/commands/. The same rules as for the others
// (keytool/cli/subcommands.hpp).
#pragma once

#include "keytool/cli/subcommands.hpp"

namespace dkim::keytool {

ExitCode fleet_sync(const Arguments& arguments);

}  // namespace dkim::keytool
