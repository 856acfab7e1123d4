// The subcommands, one file each in keytool/commands/.
//
// Each takes the words after its own name, together with the common options before it. It answers --help,
// prints results on standard output and everything else on standard error. It throws UsageError,
// ConfigurationError and the errors of crypto/error.hpp.
#pragma once

#include <string>
#include <vector>

#include "keytool/cli/exit_code.hpp"

namespace dkim::keytool {

using Arguments = std::vector<std::string>;

ExitCode activate(const Arguments& arguments);
ExitCode check(const Arguments& arguments);
ExitCode check_publish(const Arguments& arguments);
ExitCode doctor(const Arguments& arguments);
ExitCode explain(const Arguments& arguments);
// With subcommands of its own (keytool/commands/fleet_subcommands.hpp); "fleet" is a namespace.
ExitCode fleet_command(const Arguments& arguments);
ExitCode generate(const Arguments& arguments);
// C++ reserves the word "import".
ExitCode import_keys(const Arguments& arguments);
ExitCode list(const Arguments& arguments);
ExitCode revoke(const Arguments& arguments);
ExitCode rotate(const Arguments& arguments);
ExitCode show(const Arguments& arguments);
ExitCode sign(const Arguments& arguments);
ExitCode verify(const Arguments& arguments);

}  // namespace dkim::keytool
