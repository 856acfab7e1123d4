// The daemon's configuration, judged by the daemon itself: dkimsignd --check.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "keytool/doctor/finding.hpp"

namespace dkim::keytool {

// What dkimsignd said and ended with, as findings; pure. The file is for the reader.
Findings configuration_findings(const std::string& file, const std::string& errors, int status);

// Runs the dkimsignd beside this program, else that of /usr/sbin, on the configuration file, or on its
// default where none is named. Never throws what the program does: an unknown finding says that it could
// not be asked.
Findings check_configuration(const std::optional<std::string>& named_file);

}  // namespace dkim::keytool
