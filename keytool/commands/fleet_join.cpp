// dkimkey fleet join: makes this machine's key directory a copy of the fleet's keys.
#include <fmt/format.h>

#include <iostream>

#include "keytool/cli/configuration.hpp"
#include "keytool/commands/fleet_subcommands.hpp"
#include "keytool/commands/fleet_talk.hpp"
#include "keytool/keys/key_directory.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey fleet join [OPTIONS]

Examples:
  dkimkey fleet join
  dkimkey fleet join --take-fleet
      whatever this machine has otherwise is replaced

Registers this machine, so that rotations wait for it from now on, and brings all domains of the fleet into the key
directory. If that has domains already, they must be equal to the fleet's: what differs is named, with both sides, and
nothing is changed. A machine that signs does so throughout.
)",
    R"(What only this machine has, "dkimkey fleet push" takes into the fleet.

Interrupted, the command is given again, and goes on.

Exit codes: 0 the key directory is a copy of the fleet, 1 something differs, is refused, or cannot be done, 2 wrong usage
or configuration.
)"};

void print_not_joined(const fleet::Comparison& comparison) {
  for (const auto& domain : comparison.only_here)
    std::cout << fmt::format("{}\n  only here\n", domain.str());
  print_differences(comparison.differing);
  std::cerr << fmt::format(
      "nothing was changed. Domains that differ from the fleet: {}, only here: {}, equal: {}\n"
      "Choose: \"dkimkey fleet push\" takes in what is only here; with --replace DOMAIN, this machine's "
      "state of that domain replaces the fleet's.\n"
      "\"dkimkey fleet join --take-fleet\" takes the fleet's state of all, and destroys what only this "
      "machine has.\n",
      comparison.differing.size(), comparison.only_here.size(), comparison.equal);
}

void print_taken(const fleet::JoinResult& result) {
  for (const auto& difference : result.comparison.differing)
    std::cerr << fmt::format("{}: the fleet's state replaced this machine's, which was different:\n",
                             difference.domain.str());
  print_differences(result.comparison.differing);
  for (const auto& domain : result.removed)
    std::cerr << fmt::format("{}: removed, with its private keys: the fleet does not have it\n",
                             domain.str());
}

}  // namespace

ExitCode fleet_join(const Arguments& arguments) {
  CommandLine command_line("fleet join", help);
  command_line.add_options()  //
      ("take-fleet",
       "replace what differs here by the fleet's state, and destroy what only this machine has")  //
      ("take-name", "this machine is the one that has its name in the fleet already, installed again");
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  const auto settings = fleet_settings_of(*options);
  const crypto::KeyStore store(read_configuration(*options).signing.key_directory);
  auto request = join_request(DKIMSIGND_VERSION);
  request.take_fleet = options->has("take-fleet");
  request.name = options->has("take-name") ? fleet::Name::ours : fleet::Name::free;
  fleet::FleetDatabase database(settings);
  // Not before the database has answered: a wrong fleet.conf leaves nothing behind.
  database.state();
  make_missing_key_directory(store.directory());
  const auto result = fleet::join(store, settings, database, request);
  if (!result.joined) {
    print_not_joined(result.comparison);
    return ExitCode::problem;
  }
  const auto code = report_sync(result.sync, store, settings.host);
  if (request.take_fleet) {
    print_taken(result);
  } else if (!result.comparison.only_here.empty()) {
    print_not_joined(result.comparison);
    return ExitCode::problem;
  }
  return code;
}

}  // namespace dkim::keytool
