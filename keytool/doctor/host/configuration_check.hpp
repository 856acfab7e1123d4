// The daemon's configuration, judged by the daemon itself: dkimsignd --check.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "crypto/settings/key_settings.hpp"
#include "keytool/doctor/findings/finding.hpp"

namespace dkim::keytool {

// What dkimsignd said and ended with, as findings; pure. The file is for the reader.
Findings configuration_findings(const std::string& file, const std::string& errors, int status);

// What the daemon is to look at: its file and every key of the store, or the file alone, where the store is
// so large that reading all keys would take minutes.
enum class ConfigurationCheck { with_all_keys, file_alone };

// Runs the dkimsignd beside this program, else that of /usr/sbin, on the configuration file, or on its
// default where none is named. Never throws what the program does: an unknown finding says that it could
// not be asked.
Findings check_configuration(const std::optional<std::string>& named_file, ConfigurationCheck check);

// May others write the hooks and TSIG files that records are published with? dkimkey does not use them then.
Findings check_publishing(const crypto::KeySettings& settings);

}  // namespace dkim::keytool
