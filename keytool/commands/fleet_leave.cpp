// dkimkey fleet leave: a machine will not come back, or this one gets a key store of its own again.
#include <fmt/format.h>

#include <iostream>

#include "canon/printable.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/commands/fleet_subcommands.hpp"
#include "keytool/commands/fleet_talk.hpp"
#include "keytool/fleet/leave.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey fleet leave HOST
       dkimkey fleet leave --keep [--offline]

Examples:
  dkimkey fleet leave mx3.example.com
      the machine is gone: rotations no longer wait for it
  dkimkey fleet leave --keep
      this machine's copy becomes its own key store again

With HOST, a new key no longer waits for that machine. The record of a key that the machine may still use stays until its
lease ends; then it stops signing.

With --keep, this machine's copy is brought up to date and becomes its own: it signs on, without a lease, and the
subcommands of dkimkey change it alone.
)",
    R"(If a machine that kept its keys and the fleet both rotate the same domains, each replaces the other's records: remove the
domains on one of the two.

Exit codes: 0 done, 1 there is no such machine, this machine's copy is not up to date, or it cannot be done, 2 wrong
usage or configuration.
)"};

ExitCode leave_host(const ParsedOptions& options, const std::string& host) {
  const auto settings = fleet_settings_of(options);
  fleet::FleetDatabase database(settings);
  const auto result = fleet::leave(database, host);
  const auto name = canon::printable_word(host, 253);
  if (result.had_left) {
    std::cerr << fmt::format("{} left the fleet before, {}\n", name, crypto::to_string(*result.signer.left));
  } else {
    std::cerr << fmt::format("{} has left the fleet: new keys no longer wait for it\n", name);
  }
  const bool may_sign = result.signer.lease_end && *result.signer.lease_end > result.now;
  if (!result.signer.lease_end && !result.signer.last_seen) {
    std::cerr << "it never became a member. If it signs with a key store of its own, nothing ends that: stop "
                 "dkimsignd there, or remove the fleet's domains from its key directory, before their keys "
                 "change\n";
  } else if (may_sign) {
    std::cerr << fmt::format(
        "it may sign with its keys until {}; until then, the record of an old key stays in DNS unless the "
        "machine knows that the key was replaced\n",
        crypto::to_string(*result.signer.lease_end));
  } else {
    std::cerr << "it no longer signs: its lease is over\n";
  }
  if (result.in_contact && !result.had_left) {
    std::cerr << fmt::format(
        "it is still in contact, last seen {}: its agent brings no more changes, and says so. To stop it "
        "from signing now: systemctl stop dkimsignd on it. If it is to come back: dkimkey fleet join on "
        "it\n",
        crypto::to_string(*result.signer.last_seen));
  }
  return ExitCode::done;
}

void say_what_it_means(const crypto::Membership& membership, std::size_t others) {
  std::cerr << fmt::format(
      "the key directory belongs to this machine again, with everything up to change {}; it signs on, "
      "without a lease\n",
      membership.sequence);
  if (others == 0) return;
  std::cerr << fmt::format(
      "{} machines stay in the fleet, and no longer wait for this one: when they replace a key, its record "
      "will be emptied, "
      "and what this machine signs with it fails from then on. If both sides rotate the same domains, each "
      "replaces the "
      "other's records: remove the domains on one of the two\n",
      others);
}

ExitCode keep(const ParsedOptions& options) {
  const crypto::KeyStore store(read_configuration(options).signing.key_directory);
  if (fleet::end_leftover_lease(store)) {
    std::cerr << "this machine is in no fleet; the lease that was left over was removed\n";
    return ExitCode::done;
  }
  if (options.has("offline")) {
    const auto membership = fleet::keep_without_database(store);
    say_what_it_means(membership, 0);
    std::cerr << fmt::format(
        "the database was not asked; if the fleet goes on, give \"dkimkey fleet leave {}\" on another "
        "machine\nas long as other machines sign with the same keys, rotate none of them here: systemctl "
        "disable --now dkimkey-rotate.timer\n",
        membership.host);
    return ExitCode::done;
  }
  const auto settings = fleet_settings_of(options);
  fleet::FleetDatabase database(settings);
  const auto result = fleet::leave_and_keep(store, settings, database, join_request(DKIMSIGND_VERSION));
  if (!result.is_own) {
    std::cerr << fmt::format(
        "nothing was changed, because this machine's copy does not have everything: {}\n"
        "To keep it as it is: dkimkey fleet leave --keep --offline\n",
        result.sync.trouble.empty() ? fmt::format("refused domains: {}", result.sync.refused)
                                    : terminal_text(result.sync.trouble));
    return ExitCode::problem;
  }
  say_what_it_means(result.membership, result.others);
  std::cerr << "its agent has nothing to do any more: systemctl disable --now dkimkey-fleet\n";
  return ExitCode::done;
}

}  // namespace

ExitCode fleet_leave(const Arguments& arguments) {
  CommandLine command_line("fleet leave", help);
  command_line.add_options()                                      //
      ("keep", "give this machine a key store of its own again")  //
      ("offline", "with --keep: do not ask the database, which is gone for good");
  command_line.add_positional("host", "the machine that will not come back");
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  const auto host = options->text("host");
  if (options->has("keep") == host.has_value())
    throw UsageError(
        "which machine leaves? Name it, or give --keep for this one; see: dkimkey fleet leave --help");
  if (options->has("offline") && host) throw UsageError("--offline goes with --keep");
  return host ? leave_host(*options, *host) : keep(*options);
}

}  // namespace dkim::keytool
