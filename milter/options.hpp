// Reads the daemon's command line: what it is to do, with which configuration file.
//
// A wrong command line is a crypto::SettingsError.
#pragma once

#include <string>

#include "crypto/settings/configuration_file.hpp"

namespace dkim::milter {

struct Options {
  enum class Action { run, check, probe, print_config, show_version, show_help };
  Action action = Action::run;
  crypto::ConfigurationFile config_file;
};

// Throws crypto::SettingsError for an unknown option, an option without its value, or anything else that is
// left over.
Options parse_options(int argc, const char* const* argv);

// Returns what --help prints.
std::string help_text();

}  // namespace dkim::milter
