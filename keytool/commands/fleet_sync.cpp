// dkimkey fleet sync: keeps this machine's copy of the fleet's keys up to date, and chooses after the
// database went back in time.
#include <fmt/format.h>

#include <iostream>

#include "keytool/cli/configuration.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/commands/fleet_subcommands.hpp"
#include "keytool/fleet/agent.hpp"
#include "keytool/fleet/copy_turn.hpp"
#include "keytool/fleet/fleet_access.hpp"
#include "keytool/fleet/keep.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey fleet sync [--once | --keep fleet|local] [OPTIONS]

Examples:
  dkimkey fleet sync
      what dkimkey-fleet.service runs: keep this machine's copy equal to the database, until a signal comes
  dkimkey fleet sync --once
      bring the copy up to date now
  dkimkey fleet sync --keep fleet
      the database went back in time: take what it has, and destroy the domains that only this machine has
  dkimkey fleet sync --keep local
      the database went back in time: bring what is newer on this machine into it

Every change in the database is written into this machine's key directory, from which dkimsignd signs. When the
database is away, mail goes on, and the copy is brought up to date later. A domain that cannot be used here, because
its row is damaged or its sealing key is missing, stays as it was and is tried again; the others go on.

A database that was restored from a backup, or a standby that was promoted without the last changes, is noticed:
nothing is taken from it and nothing is undone until a person has chosen. Both choices name first what differs.
)",
    R"(Exit codes: 0 done, 1 something failed, is refused or has to be chosen, 2 wrong usage or configuration, or this
machine is in no fleet, 3 a signal came before all was done.
)"};

fleet::Keep read_choice(const std::string& word) {
  if (word == "fleet") return fleet::Keep::fleet;
  if (word == "local") return fleet::Keep::local;
  throw UsageError(fmt::format("--keep is \"fleet\" or \"local\", not \"{}\"", word));
}

ExitCode keep(const crypto::KeyStore& store, const fleet::FleetSettings& settings, fleet::Keep which,
              const fleet::AgentOptions& options) {
  fleet::FleetDatabase database(settings);
  const auto report = fleet::keep(
      store, settings, database, which, crypto::utc_now(),
      [](const std::string& line) { std::cerr << fmt::format("{}\n", terminal_text(line)) << std::flush; });
  if (!report.went_back) {
    std::cerr << "There is nothing to choose: the database has all that this machine has had.\n";
  } else {
    std::cerr << fmt::format("{} brought into the database, {} written here, {} removed here, {} refused.\n",
                             report.brought, report.written, report.removed, report.refused);
  }
  const auto code = fleet::run_once(store, settings, options);
  return report.not_removed > 0 ? ExitCode::problem : code;
}

}  // namespace

ExitCode fleet_sync(const Arguments& arguments) {
  CommandLine command_line("fleet sync", help);
  command_line.add_options()                                                                                //
      ("once", "bring the copy up to date, and end")                                                        //
      ("keep", value_text("WHICH"), "after the database went back in time: \"fleet\" or \"local\" counts")  //
      ("metrics", value_text("FILE"), "write what Prometheus is to know into this file");
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  if (options->has("once") && options->has("keep"))
    throw UsageError("--keep runs once anyway: leave out --once");
  const auto choice = options->text("keep");
  if (choice) read_choice(*choice);
  const auto configuration = read_configuration(*options);
  const crypto::KeyStore store(configuration.signing.key_directory);
  const fleet::AgentOptions agent{DKIMSIGND_VERSION, options->text("metrics").value_or("")};
  try {
    if (!crypto::read_membership(store)) fleet::throw_no_member(store);
    const auto settings = fleet::require_fleet_settings(configuration.keys.fleet);
    if (choice) return keep(store, settings, read_choice(*choice), agent);
    if (options->has("once")) return fleet::run_once(store, settings, agent);
    return fleet::run_agent(store, settings, agent);
  } catch (const fleet::NoMember& error) {
    // Nothing was tried. The unit is not started again after this.
    throw ConfigurationError(error.what());
  } catch (const crypto::SettingsError& error) {
    throw ConfigurationError(error.what());
  }
}

}  // namespace dkim::keytool
