// Runs dkimsignd --check, so that dkimsignd itself judges its configuration.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "crypto/settings/key_settings.hpp"
#include "keytool/doctor/findings/finding.hpp"

namespace dkim::keytool {

// Turns dkimsignd's messages and exit status into findings about the file. Pure.
Findings configuration_findings(const std::string& file, const std::string& errors, int status);

// The file alone is for a store so large that reading all keys would take minutes.
enum class ConfigurationCheck { with_all_keys, file_alone };

// Runs the dkimsignd beside this program, or else the one in /usr/sbin, on the named file or on its default.
// Does not throw if that fails: a finding of severity unknown says so.
Findings check_configuration(const std::optional<std::string>& named_file, ConfigurationCheck check);

// Finds the hooks and TSIG files for publishing that dkimkey would not use: missing files, hooks that cannot
// be run, and files that others can write, or read in the case of a TSIG file.
Findings check_publishing(const crypto::KeySettings& settings);

}  // namespace dkim::keytool
