// The program dkimsignd: does what the options ask for, and is the one place where a fault becomes an exit
// status.
#include <chrono>
#include <iostream>

#include "crypto/error.hpp"
#include "milter/check.hpp"
#include "milter/config.hpp"
#include "milter/daemon.hpp"
#include "milter/metrics/metrics.hpp"
#include "milter/options.hpp"
#include "milter/self_probe.hpp"

namespace {

using dkim::milter::Config;
using dkim::milter::Options;

constexpr int problem_found = 1;
constexpr int usage_or_configuration = 2;

// Reports a mistake in the configuration as one more problem. It is then the only one, since nothing else can
// be checked without the configuration.
int check(const Options& options) {
  try {
    const Config config = dkim::milter::read_config(options.config_file);
    if (dkim::milter::check_everything(config, std::cerr) > 0) return problem_found;
    std::cout << "no problem found\n";
    return 0;
  } catch (const dkim::crypto::SettingsError& error) {
    std::cerr << error.what() << '\n';
    return problem_found;
  }
}

// Asks the daemon whose socket the configuration names, as an MTA would.
int probe(const Options& options) {
  using dkim::milter::SelfProbe;
  constexpr std::chrono::seconds patience{20};
  constexpr int nothing_stops_it = -1;
  const auto socket = dkim::milter::read_config(options.config_file).socket;
  const auto result = SelfProbe(socket, SelfProbe::Listener::any_process).ask(patience, nothing_stops_it);
  if (result.outcome != dkim::milter::ProbeResult::Outcome::answered) {
    std::cerr << "dkimsignd: no answer on " << socket.text << ": " << result.reason << '\n';
    return problem_found;
  }
  std::cout << "the daemon on " << socket.text << " answers\n";
  return 0;
}

int run(int argc, const char* const* argv) {
  const Options options = dkim::milter::parse_options(argc, argv);
  switch (options.action) {
    case Options::Action::show_help:
      std::cout << dkim::milter::help_text();
      return 0;
    case Options::Action::show_version:
      std::cout << "dkimsignd " DKIMSIGND_VERSION
                << (dkim::milter::built_with_metrics() ? "\n" : ", built without metrics\n");
      return 0;
    case Options::Action::check:
      return check(options);
    case Options::Action::probe:
      return probe(options);
    case Options::Action::print_config:
      std::cout << dkim::milter::config_text(dkim::milter::read_config(options.config_file));
      return 0;
    case Options::Action::run:
      dkim::milter::run_daemon(options);
  }
  return problem_found;  // not reached: run_daemon() ends the process
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
