// Scans a configuration file for what libconfig must not see: resolves @include, and refuses bytes and sizes
// that libconfig would not survive (crypto/settings/settings_source.hpp).
//
// Errors in the text are SettingsError, with file and line. A StoreError means that the first file cannot be
// read.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "crypto/file.hpp"
#include "crypto/settings/settings_source.hpp"

namespace dkim::crypto {

// Scans an open file and those that it includes.
SettingsSource scan_settings_file(const OpenedFile& file, const std::filesystem::path& path);

// Scans a text, and refuses @include. name: the file name for errors.
SettingsSource scan_settings_text(std::string_view text, const std::string& name);

}  // namespace dkim::crypto
