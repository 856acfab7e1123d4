// dkimkey fleet status: the machines of a fleet, how far each is, and what waits for which.
#include <fmt/format.h>

#include <iostream>

#include "keytool/cli/configuration.hpp"
#include "keytool/commands/fleet_status_text.hpp"
#include "keytool/commands/fleet_subcommands.hpp"
#include "keytool/commands/fleet_talk.hpp"
#include "keytool/fleet/status.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey fleet status [OPTIONS]

Examples:
  dkimkey fleet status
  dkimkey fleet status --json    for a program: an array of objects

Shows each machine of the fleet with its state, its version, how many changes it lacks and since when, its last contact, and
until when it may sign without another one. Then what machines refuse, and the keys that are on their way to the next state,
with what each waits for. The states of a machine are
  current   it has everything
  behind    it is in contact and does not have the last change yet
  silent    its last contact was more than two minutes ago
  over      it has not been in contact, and its lease is over: it no longer signs
  never     it was registered, and has never been in contact
  leaving   it has left (dkimkey fleet leave), and may still sign until its lease ends
  left      it has left, and no longer signs
)",
    R"(Objects of --json have a kind. The one of the kind "fleet" has fleet, sequence, time (the database's clock), host (this
machine, or null) and more (whether there are more keys on their way than are shown). Those of the kind "signer" have host,
state, version, applied, lag, lag_since, last_seen, lease_end, left, refused and here; "refusal": host, domain and reason;
"key": domain, selector, algorithm, state, waits_for and for_machine. A time that has not come is null.

A key that waits for its record, for resolvers or for the end of the drain is on its usual way; the exit code does not
count it.

Exit codes: 0 every machine has everything, 1 the database cannot be reached or does not know this machine, or a machine
refuses a domain, 2 wrong usage or configuration, 3 a machine lags or is silent, or a key waits for one.
)"};

ExitCode code_of(fleet::FleetHealth health) {
  switch (health) {
    case fleet::FleetHealth::well:
      return ExitCode::done;
    case fleet::FleetHealth::waits:
      return ExitCode::waiting;
    case fleet::FleetHealth::refuses:
      break;
  }
  return ExitCode::problem;
}

}  // namespace

ExitCode fleet_status(const Arguments& arguments) {
  CommandLine command_line("fleet status", help);
  command_line.add_options()("json", "print an array of objects");
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  const auto settings = fleet_settings_of(*options);
  const auto configuration = read_configuration(*options);
  // A monitoring host has no key directory.
  const auto& directory = configuration.signing.key_directory;
  const auto here =
      crypto::is_missing(directory) ? std::nullopt : crypto::read_membership(crypto::KeyStore(directory));
  fleet::FleetDatabase database(settings);
  const auto status = fleet::read_status(database, here, configuration.keys.drain);
  if (options->has("json")) {
    print_status_json(status, here);
  } else {
    print_status_table(status);
  }
  if (!status.distrust.empty()) {
    std::cerr << fmt::format("this machine takes nothing from the database: {}\n",
                             terminal_text(status.distrust));
  }
  if (status.lacks_this_machine) {
    std::cerr
        << "the database does not know this machine, so no rotation waits for it: it was restored from a "
           "backup that is older than the machine's joining. Its agent registers it again; dkimkey fleet "
           "sync --help says how to choose\n";
  }
  return code_of(fleet::health_of(status));
}

}  // namespace dkim::keytool
