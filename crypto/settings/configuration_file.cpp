#include "crypto/settings/configuration_file.hpp"

#include "crypto/file.hpp"

namespace dkim::crypto {

ConfigurationFile configuration_file(const std::optional<std::string>& named) {
  if (!named) return {};
  return {*named, ConfigurationFile::IfMissing::fail};
}

SettingsFile read_configuration_file(const ConfigurationFile& file) {
  const bool may_be_missing = file.if_missing == ConfigurationFile::IfMissing::use_defaults;
  if (may_be_missing && is_missing(file.path)) return SettingsFile::parse("", file.path.string());
  return SettingsFile::read(file.path);
}

}  // namespace dkim::crypto
