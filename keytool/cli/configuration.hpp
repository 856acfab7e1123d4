// The options that every subcommand takes, and the settings that follow from them and from the configuration
// file that dkimkey shares with the daemon.
#pragma once

#include "crypto/settings/client_settings.hpp"
#include "crypto/settings/configuration_file.hpp"
#include "crypto/settings/key_settings.hpp"
#include "crypto/settings/login_settings.hpp"
#include "crypto/settings/signing_settings.hpp"
#include "keytool/cli/command_line.hpp"

namespace dkim::keytool {

using crypto::default_configuration_file;

// Adds --config and --directory.
void add_common_options(boost::program_options::options_description& options);

struct Configuration {
  crypto::SigningSettings signing;
  crypto::KeySettings keys;
  // The daemon's: shown and examined, never judged here (dkimsignd --check does that).
  crypto::ClientSettings clients;
  crypto::LoginSettings logins;
};

// Reads the file that --config names, or the default one, which may be missing; --directory overrides the
// file's key_directory. Throws ConfigurationError.
Configuration read_configuration(const ParsedOptions& options);

}  // namespace dkim::keytool
