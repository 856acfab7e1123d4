// The subcommands that main.cpp's table names; one file each.
//
// Each takes the words behind its own name (with any common options that stood before it), answers --help
// itself, prints results on standard output and talk on standard error. Throws UsageError,
// ConfigurationError and the errors of crypto/.
#pragma once

#include <string>
#include <vector>

#include "keytool/cli/exit_code.hpp"

namespace dkim::keytool {

using Arguments = std::vector<std::string>;

ExitCode activate(const Arguments& arguments);
ExitCode check(const Arguments& arguments);
ExitCode doctor(const Arguments& arguments);
ExitCode explain(const Arguments& arguments);
ExitCode generate(const Arguments& arguments);
// Named otherwise than its word, which C++ reserves.
ExitCode import_keys(const Arguments& arguments);
ExitCode list(const Arguments& arguments);
ExitCode revoke(const Arguments& arguments);
ExitCode rotate(const Arguments& arguments);
ExitCode show(const Arguments& arguments);
ExitCode sign(const Arguments& arguments);
ExitCode verify(const Arguments& arguments);

}  // namespace dkim::keytool
