// Has dkimsignd itself judge its configuration: dkimsignd --check.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "crypto/settings/key_settings.hpp"
#include "keytool/doctor/findings/finding.hpp"

namespace dkim::keytool {

// Turns dkimsignd's messages and exit status into findings about the file. Pure.
Findings configuration_findings(const std::string& file, const std::string& errors, int status);

// What dkimsignd checks: its file and every key of the store, or the file alone if the store is so large that
// reading all keys would take minutes.
enum class ConfigurationCheck { with_all_keys, file_alone };

// Runs the dkimsignd beside this program, or else the one in /usr/sbin, on the named file or on its default.
// Does not throw if that fails: a finding of severity unknown says so.
Findings check_configuration(const std::optional<std::string>& named_file, ConfigurationCheck check);

// Finds the hooks and TSIG files for publishing that others can write: dkimkey does not use them.
Findings check_publishing(const crypto::KeySettings& settings);

}  // namespace dkim::keytool
