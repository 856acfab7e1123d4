// The configuration file that dkimsignd and dkimkey share: where it is, and what a missing file means.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "crypto/settings/places.hpp"
#include "crypto/settings/settings_reader.hpp"

namespace dkim::crypto {

struct ConfigurationFile {
  enum class IfMissing { use_defaults, fail };

  std::filesystem::path path = default_configuration_file;
  // Every setting has a default, so the default file may be missing. A file that a person named may not.
  IfMissing if_missing = IfMissing::use_defaults;
};

// Returns the file that a person named on the command line, or the default one.
ConfigurationFile configuration_file(const std::optional<std::string>& named);

// Reads the file; one that may be missing, and is, reads like an empty file. Throws SettingsError for all
// else that SettingsFile::read() refuses: a file that exists and cannot be read never means the defaults,
// which would sign other mail with other keys.
SettingsFile read_configuration_file(const ConfigurationFile& file);

}  // namespace dkim::crypto
