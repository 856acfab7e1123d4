// dkimkey fleet init: makes the tables of a fleet, or brings them up to date, and its sealing key.
#include <fmt/format.h>

#include <iostream>

#include "keytool/commands/fleet_subcommands.hpp"
#include "keytool/commands/fleet_talk.hpp"
#include "keytool/fleet/schema.hpp"
#include "keytool/fleet/start.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey fleet init [OPTIONS]

Examples:
  dkimkey fleet init --print-roles | runuser -u postgres -- psql dkimsignd
      make the roles, before the first time
  dkimkey fleet init
      make the tables and the sealing key; or, after an upgrade, bring the tables up to date

Makes what the fleet needs in the database, as the tables' owner, and the file of the sealing key if neither this
machine nor the fleet has one. The database never gets that key. Doing it again changes nothing.
)",
    R"(Keep a copy of the file of the sealing key in a place that has nothing to do with the database: without it,
nothing opens the keys in the database. Every machine of the fleet needs the file.

Exit codes: 0 done, 1 the database cannot be reached or refuses it, or the sealing key is not the fleet's, 2 wrong usage
or configuration.
)"};

std::string_view text_of(fleet::SchemaChange change) {
  switch (change) {
    case fleet::SchemaChange::made:
      return "the tables were made";
    case fleet::SchemaChange::migrated:
      return "the tables were brought up to date";
    case fleet::SchemaChange::none:
      break;
  }
  return "the tables are up to date";
}

}  // namespace

ExitCode fleet_init(const Arguments& arguments) {
  CommandLine command_line("fleet init", help);
  command_line.add_options()("print-roles", "print the SQL that makes the roles, and do nothing");
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  if (options->has("print-roles")) {
    std::cout << fleet::roles_sql();
    return ExitCode::done;
  }
  const auto settings = fleet_settings_of(*options);
  fleet::FleetDatabase database(settings);
  const auto result = fleet::init(database, settings);
  std::cerr << text_of(result.schema) << '\n';
  if (result.made_key) {
    std::cerr << fmt::format(
        "made the sealing key: {}\ncopy it to every machine of the fleet, and keep a copy elsewhere\n",
        settings.sealing_key_file.string());
  }
  if (result.registered_key && !result.made_key)
    std::cerr << fmt::format("the fleet uses the sealing key in {} from now on\n",
                             settings.sealing_key_file.string());
  std::cout << fmt::format("fleet {}\n", result.state.identity);
  return ExitCode::done;
}

}  // namespace dkim::keytool
