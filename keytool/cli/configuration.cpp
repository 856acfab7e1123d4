#include "keytool/cli/configuration.hpp"

#include "crypto/file.hpp"
#include "keytool/cli/errors.hpp"

namespace dkim::keytool {
namespace {

Configuration read_file(const std::filesystem::path& path) {
  const auto file = crypto::SettingsFile::read(path);
  auto root = file.root();
  Configuration configuration;
  // The daemon's settings are its own to judge (dkimsignd --check); these few are shown by explain and
  // doctor.
  configuration.signing = crypto::read_signing_settings(root);
  configuration.keys = crypto::read_key_settings(root);
  if (const auto networks = root.texts("trusted_networks")) {
    configuration.trusted_networks.emplace();
    for (const auto& network : *networks)
      configuration.trusted_networks->push_back(network.text);
  }
  configuration.sign_authenticated = root.boolean("sign_authenticated").value_or(true);
  if (const auto socket = root.text("socket")) configuration.socket = socket->text;
  return configuration;
}

}  // namespace

void add_common_options(boost::program_options::options_description& options) {
  const std::string about_config = "the configuration file shared with dkimsignd (default " +
                                   std::string(default_configuration_file) + ", which may be missing)";
  options.add_options()("config", value_text("FILE"), about_config.c_str())(
      "directory,D", value_text("DIR"),
      "the key directory (default: key_directory of the configuration, else /etc/dkimsignd/keys)");
}

Configuration read_configuration(const ParsedOptions& options) {
  Configuration configuration;
  const auto named = options.text("config");
  const std::filesystem::path path = named.value_or(default_configuration_file);
  if (named || !crypto::is_missing(path)) {
    try {
      configuration = read_file(path);
    } catch (const crypto::SettingsError& error) {
      throw ConfigurationError(error.what());
    }
  }
  if (const auto directory = options.text("directory")) configuration.signing.key_directory = *directory;
  return configuration;
}

}  // namespace dkim::keytool
