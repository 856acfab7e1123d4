// dkimkey fleet: many signers with one store of record. This file has the table of its subcommands; each is a
// file beside it.
#include <fmt/format.h>

#include <vector>

#include "keytool/cli/command_line.hpp"
#include "keytool/cli/subcommand_table.hpp"
#include "keytool/commands/fleet_subcommands.hpp"

namespace dkim::keytool {
namespace {

// In the order in which a person needs them.
std::vector<Subcommand> subcommands() {
  return {
      {"init", "make the tables in the database, and the sealing key", fleet_init},
      {"push", "take this machine's keys in, and join", fleet_push},
      {"join", "make this machine's key directory a copy", fleet_join},
      {"sync", "keep this machine's copy up to date: the agent", fleet_sync},
      {"status", "show the machines, and what waits for which", fleet_status},
      {"leave", "say that a machine will not come back, or give this one its own store", fleet_leave},
      {"forget", "remove a domain from every machine, with its keys", fleet_forget},
      {"reseal", "change the sealing key, while the machines work", fleet_reseal},
  };
}

constexpr std::string_view before = R"(Usage: dkimkey fleet SUBCOMMAND [OPTIONS]

Examples:
  dkimkey fleet init      make the tables in the database, and the sealing key
  dkimkey fleet push      take the keys of this machine in
  dkimkey fleet join      on another machine: get a copy of all keys
  dkimkey fleet status    see whether every machine has everything

Keeps the keys of several machines in one PostgreSQL database. Every machine has a whole copy in its key directory
and signs from that alone; the database is never on a message's way. See dkimsignd-fleet(7).

Subcommands:
)";

constexpr std::string_view after = R"("dkimkey fleet SUBCOMMAND --help" describes a subcommand.

The file fleet.conf says where the database is; the setting "fleet" of the configuration names another file. A machine
is in a fleet if its key directory contains the file ".fleet", which join and push make.

Exit codes: 0 done, 1 a problem found, 2 wrong usage or configuration, 3 waiting for a machine or a person.
)";

}  // namespace

ExitCode fleet_command(const Arguments& arguments) {
  const auto table = subcommands();
  const auto position = subcommand_position(arguments);
  const Arguments common(arguments.begin(), arguments.begin() + static_cast<std::ptrdiff_t>(position));
  const auto text = fmt::format("{}{}", before, subcommand_lines(table));
  CommandLine command_line("fleet", {text, after});
  if (!command_line.parse(common)) return ExitCode::done;
  return run_subcommand(table, arguments, position, "dkimkey fleet");
}

}  // namespace dkim::keytool
