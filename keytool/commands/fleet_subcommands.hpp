// The subcommands of dkimkey fleet, one file each in keytool/commands/. The same rules as for the others
// (keytool/cli/subcommands.hpp).
#pragma once

#include "keytool/cli/subcommands.hpp"

namespace dkim::keytool {

ExitCode fleet_forget(const Arguments& arguments);
ExitCode fleet_init(const Arguments& arguments);
ExitCode fleet_join(const Arguments& arguments);
ExitCode fleet_leave(const Arguments& arguments);
ExitCode fleet_push(const Arguments& arguments);
ExitCode fleet_reseal(const Arguments& arguments);
ExitCode fleet_status(const Arguments& arguments);
ExitCode fleet_sync(const Arguments& arguments);

}  // namespace dkim::keytool
