// dkimsignd: the order of start-up, and the one place where a fault becomes an exit status.
#include <iostream>

#include "crypto/error.hpp"
#include "milter/check.hpp"
#include "milter/config.hpp"
#include "milter/daemon.hpp"
#include "milter/options.hpp"

namespace {

using dkim::milter::Config;
using dkim::milter::Options;

constexpr int problem_found = 1;
constexpr int usage_or_configuration = 2;

Config configuration(const Options& options) {
  // A file that was named must be there.
  return options.config_named ? dkim::milter::read_config(options.config_file)
                              : dkim::milter::read_config_if_there(options.config_file);
}

// A configuration with a mistake is one more problem found, and the only one that can be told.
int check(const Options& options) {
  try {
    if (dkim::milter::check_everything(configuration(options), std::cerr) > 0) return problem_found;
    std::cout << "no problem found\n";
    return 0;
  } catch (const dkim::crypto::SettingsError& error) {
    std::cerr << error.what() << '\n';
    return problem_found;
  }
}

int run(int argc, const char* const* argv) {
  const Options options = dkim::milter::parse_options(argc, argv);
  switch (options.action) {
    case Options::Action::show_help:
      std::cout << dkim::milter::help_text();
      return 0;
    case Options::Action::show_version:
      std::cout << "dkimsignd " DKIMSIGND_VERSION "\n";
      return 0;
    case Options::Action::check:
      return check(options);
    case Options::Action::print_config:
      std::cout << dkim::milter::config_text(configuration(options));
      return 0;
    default:
      dkim::milter::run_daemon(options, configuration(options));
  }
}

}  // namespace

int main(int argc, char* argv[]) {
  try {
    return run(argc, argv);
  } catch (const dkim::crypto::SettingsError& error) {
    std::cerr << "dkimsignd: " << error.what() << '\n';
    return usage_or_configuration;
  } catch (const std::exception& error) {
    std::cerr << "dkimsignd: " << error.what() << '\n';
    return problem_found;
  }
}
