// The daemon's command line.
#pragma once

#include <string>

#include "crypto/settings/configuration_file.hpp"

namespace dkim::milter {

struct Options {
  enum class Action { run, check, print_config, show_version, show_help };
  Action action = Action::run;
  crypto::ConfigurationFile config_file;
};

// Throws crypto::SettingsError if the command line is wrong.
Options parse_options(int argc, const char* const* argv);

// Returns what --help prints.
std::string help_text();

}  // namespace dkim::milter
