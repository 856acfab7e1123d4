// dkimkey fleet push: takes this machine's key directory into the fleet.
#include <fmt/format.h>

#include <iostream>

#include "keytool/cli/configuration.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/commands/fleet_subcommands.hpp"
#include "keytool/commands/fleet_talk.hpp"
#include "keytool/fleet/push.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey fleet push [OPTIONS]

Examples:
  dkimkey fleet push
  dkimkey fleet push --replace shop.example
      for this domain, what this machine has replaces what the fleet has

Takes the domains of the key directory into the fleet, with their keys and states, and makes this machine a member, as
join does. Domains that the fleet does not have are taken in. Where this machine and the fleet differ, nothing is chosen:
what differs is named, with both sides, and the machine does not become a member yet. No key file changes.
)",
    R"(Two machines whose key directories have drifted: push on the one, then push on the other, which names what differs.
For each domain choose one side: push --replace DOMAIN for this machine's. For all the rest, "dkimkey fleet join
--take-fleet" takes the fleet's.

On a member, --replace brings this machine's state of a domain back into a fleet whose own is damaged.

Interrupted, the command is given again, and goes on. Until then, rotation waits for this machine.

Exit codes: 0 this machine is a member of the fleet, with all its domains, 1 something differs, cannot be read, is refused,
or cannot be done, 2 wrong usage or configuration.
)"};

ExitCode report_not_joined(const fleet::PushResult& result, const std::string& host) {
  print_differences(result.differing);
  for (const auto& [domain, why] : result.unreadable)
    std::cerr << fmt::format("{} cannot be taken in: {}\n", domain, terminal_text(why));
  std::cerr << fmt::format(
      "this machine is not a member of the fleet yet. Domains that differ: {}, unreadable: {}, taken in: {}, "
      "replaced: {}, equal: {}\n",
      result.differing.size(), result.unreadable.size(), result.pushed, result.replaced.size(), result.equal);
  if (result.announced) {
    std::cerr << fmt::format(
        "Until it is, the fleet's rotation waits for it, because it has keys of the fleet. If it is never to "
        "be a member, let it stop signing with them, and then give \"dkimkey fleet leave {}\".\n",
        host);
  }
  if (!result.differing.empty()) {
    std::cerr << "Choose: \"dkimkey fleet push --replace DOMAIN\" takes this machine's state of a domain, "
                 "\"dkimkey fleet join --take-fleet\" the fleet's state of all that differ.\n";
  }
  return ExitCode::problem;
}

}  // namespace

ExitCode fleet_push(const Arguments& arguments) {
  CommandLine command_line("fleet push", help);
  command_line.add_options()                                                                          //
      ("replace", value_texts("DOMAIN"), "take this machine's state of the domain; may be repeated")  //
      ("take-name", "this machine is the one that has its name in the fleet already, installed again");
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  const auto settings = fleet_settings_of(*options);
  const crypto::KeyStore store(read_configuration(*options).signing.key_directory);
  fleet::PushRequest request;
  for (const auto& name : options->texts("replace"))
    request.replace.push_back(pick_named_domain(name, store));
  request.join = join_request(DKIMSIGND_VERSION);
  request.join.name = options->has("take-name") ? fleet::Name::ours : fleet::Name::free;
  fleet::FleetDatabase database(settings);
  const auto result = fleet::push(store, settings, database, request);
  for (const auto& difference : result.replaced)
    std::cerr << fmt::format("{}: this machine's state replaced the fleet's, which was different\n",
                             difference.domain.str());
  print_differences(result.replaced);
  if (!result.joined) return report_not_joined(result, settings.host);
  std::cerr << fmt::format("domains taken in: {}, replaced: {}, equal: {}\n", result.pushed,
                           result.replaced.size(), result.equal);
  return report_sync(result.sync, store, settings.host);
}

}  // namespace dkim::keytool
