#include "keytool/cli/configuration.hpp"

#include <fmt/format.h>

#include "crypto/settings/places.hpp"
#include "keytool/cli/errors.hpp"

namespace dkim::keytool {
namespace {

Configuration configuration_from(const crypto::SettingsFile& file) {
  auto root = file.root();
  Configuration configuration;
  configuration.signing = crypto::read_signing_settings(root);
  configuration.keys = crypto::read_key_settings(root);
  configuration.clients = crypto::read_client_settings(root);
  configuration.logins = crypto::read_login_settings(root);
  return configuration;
}

}  // namespace

void add_common_options(boost::program_options::options_description& options) {
  const std::string about_config =
      fmt::format("the configuration file shared with dkimsignd (default {}, which may be missing)",
                  default_configuration_file);
  const std::string about_directory =
      fmt::format("the key directory (default: key_directory of the configuration, else {})",
                  crypto::default_key_directory);
  options.add_options()                                     //
      ("config", value_text("FILE"), about_config.c_str())  //
      ("directory,D", value_text("DIR"), about_directory.c_str());
}

Configuration read_configuration(const ParsedOptions& options) {
  Configuration configuration;
  try {
    const auto file = crypto::configuration_file(options.text("config"));
    configuration = configuration_from(crypto::read_configuration_file(file));
  } catch (const crypto::SettingsError& error) {
    throw ConfigurationError(error.what());
  }
  if (const auto directory = options.text("directory")) configuration.signing.key_directory = *directory;
  return configuration;
}

}  // namespace dkim::keytool
