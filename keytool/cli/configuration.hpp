// The options that every subcommand takes, and the settings that follow from them and from the
// configuration file that dkimkey shares with the daemon.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "crypto/settings/key_settings.hpp"
#include "crypto/settings/signing_settings.hpp"
#include "keytool/cli/command_line.hpp"

namespace dkim::keytool {

constexpr const char* default_configuration_file = "/etc/dkimsignd/dkimsignd.conf";

// --config and --directory.
void add_common_options(boost::program_options::options_description& options);

struct Configuration {
  crypto::SigningSettings signing;
  crypto::KeySettings keys;
  // For whose mail the daemon signs, to be told in words; nothing where the file leaves it to the default.
  std::optional<std::vector<std::string>> trusted_networks;
  bool sign_authenticated = true;
  // Where the daemon listens; the default is the daemon's.
  std::string socket = "unix:/var/spool/postfix/dkimsignd/dkimsignd.sock";
};

// --directory wins over the file. The default file may be missing, a named one may not. Throws
// ConfigurationError.
Configuration read_configuration(const ParsedOptions& options);

}  // namespace dkim::keytool
