// dkimkey fleet forget: a domain that the fleet is not to sign for any more.
#include <fmt/format.h>

#include <iostream>

#include "crypto/error.hpp"
#include "crypto/store/membership.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/commands/fleet_subcommands.hpp"
#include "keytool/fleet/fleet_access.hpp"
#include "keytool/fleet/forget.hpp"
#include "keytool/fleet/open_store.hpp"
#include "keytool/keys/key_directory.hpp"
#include "keytool/keys/signer_text.hpp"
#include "keytool/output/terminal_text.hpp"
#include "keytool/rotation/signer_wait.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey fleet forget DOMAIN [OPTIONS]

Examples:
  dkimkey fleet forget --unsigned shop.example
      destroy the keys of the domain on every machine; its mail leaves unsigned
  dkimkey fleet forget shop.example
      the same, but only if no key is left that could sign

Destroys the private keys of a domain in the database, and lets every machine remove the domain from its key directory.
DNS stays as it is: the output says when its records may be removed.
)",
    R"(Given once more, it says which machines still have the domain. If the domain comes back, generate makes new keys for it,
under selectors that it has not had.

Exit codes: 0 no machine has the domain any more, 1 the domain has keys that are not revoked, or it cannot be done, 2 wrong
usage or configuration, 3 the domain is forgotten, and a machine still has it.
)"};

std::string days_text(std::chrono::seconds time) {
  const auto days = std::chrono::ceil<std::chrono::days>(time).count();
  return fmt::format("{} {}", days, days == 1 ? "day" : "days");
}

}  // namespace

ExitCode fleet_forget(const Arguments& arguments) {
  CommandLine command_line("fleet forget", help);
  command_line.add_options()("unsigned",
                             "also if it has keys that are not revoked: its mail leaves unsigned");
  command_line.add_positional("domain", "the domain that is not signed for any more");
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  const auto name = options->text("domain");
  if (!name) throw UsageError("which domain? Name it; see: dkimkey fleet forget --help");
  const auto configuration = read_configuration(*options);
  const auto store = fleet::open_store_of_record(configuration);
  const auto& directory = store->files().directory();
  if (!key_directory_exists(directory) || !crypto::read_membership(store->files())) {
    throw crypto::StoreError(
        fmt::format("this machine is in no fleet: to forget a domain, remove its directory from {}",
                    terminal_text(directory.string())));
  }
  const auto domain = pick_named_domain(*name, *store);
  const bool done = fleet::forget(
      store->files(), fleet::configured_fleet_settings(configuration), domain,
      options->has("unsigned") ? fleet::KeysInUse::destroy : fleet::KeysInUse::refuse, crypto::utc_now());
  std::cerr << fmt::format("{} {}\n", domain.str(),
                           done ? "is forgotten: its private keys are destroyed in the database, and on each "
                                  "machine when it learns of that"
                                : "was forgotten before");
  if (done) wait_for_agents(*store, domain, crypto::utc_now);
  const auto behind = store->signers(domain).behind;
  const auto drain = days_text(configuration.keys.drain);
  if (!behind.empty()) {
    std::cerr << fmt::format(
        "it may still be signed for by {}\nits records have to stay in DNS until these machines have "
        "caught up, or their leases have ended, and {} longer, for mail that is on its way\n",
        names_text(behind), drain);
    return ExitCode::waiting;
  }
  std::cerr << fmt::format(
      "no machine signs for it any more; its records may be removed from DNS in {}, when no mail is on its "
      "way\n",
      drain);
  return ExitCode::done;
}

}  // namespace dkim::keytool
