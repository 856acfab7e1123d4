// The daemon's command line.
#pragma once

#include <filesystem>
#include <string>

namespace dkim::milter {

struct Options {
  enum class Action { run, check, print_config, show_version, show_help };
  Action action = Action::run;
  std::filesystem::path config_file = "/etc/dkimsignd/dkimsignd.conf";
  // Whether the file was named; the default one may be missing, all settings have defaults.
  bool config_named = false;
};

// Throws UsageError.
Options parse_options(int argc, const char* const* argv);

std::string help_text();

}  // namespace dkim::milter
