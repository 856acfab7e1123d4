// dkimkey revoke: makes a key void at once, because it is in the wrong hands.
#include <fmt/format.h>

#include <iostream>

#include "keytool/cli/configuration.hpp"
#include "keytool/cli/dns_options.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/fleet/open_store.hpp"
#include "keytool/rotation/revocation.hpp"
#include "keytool/rotation/signer_wait.hpp"
#include "keytool/rotation/turn_report.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey revoke --selector SELECTOR [OPTIONS]

Examples:
  dkimkey revoke --domain example.com --selector server

Makes a key void at once: destroys the private key, and empties its record (p=), so that receivers refuse
whatever is signed with it. Signatures on mail that is still on its way fail, too. If the key was the last active
one of its algorithm, a successor signs from now on, although its record is not in DNS yet: publish that first.
To replace a key without a gap, use dkimkey rotate.

In a domain with slots, the successor needs a free slot. If none is free, revoke changes nothing and says until when,
and what can be done now; with --unsigned it revokes the key all the same.
)",
    R"(Exit codes: 0 done, 1 no such key, no free slot, or something failed, 2 wrong usage or configuration, 3 done, and waiting for
a person or DNS.
)"};

}  // namespace

ExitCode revoke(const Arguments& arguments) {
  CommandLine command_line("revoke", help);
  command_line.add_options()                                                                        //
      ("domain,d", value_text("DOMAIN"), "the domain (default: the only one, or this host's own)")  //
      ("selector,s", value_text("SELECTOR"), "the key")                                             //
      ("unsigned",
       "also if it is the last active key and no slot is free: mail then leaves unsigned")  //
      ("json", "print an array of objects, one for each key");
  add_dns_options(command_line);
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  const auto selector_text = options->text("selector");
  if (!selector_text) throw UsageError("which key? Name it with --selector");
  const auto configuration = read_configuration(*options);
  const auto store = fleet::open_store_of_record(configuration);
  const auto domain = pick_domain(options->text("domain"), *store);
  const auto selector = pick_selector(*selector_text, *store, domain);

  TurnOptions turn;
  turn.policy = policy_of(configuration.keys);
  turn.publish = configuration.keys.publish_for(domain);
  turn.dns = read_dns_options(*options);
  turn.look_at_active = true;
  const auto done =
      revoke_key(*store, domain, selector, configuration.signing, turn.policy, crypto::utc_now(),
                 options->has("unsigned") ? IfNoSlotIsFree::leave_unsigned : IfNoSlotIsFree::refuse);
  std::cerr << fmt::format("revoked {} and destroyed its private key\n", selector.str());
  if (done.successor) {
    std::cerr << fmt::format("mail is signed with {} from now on; publish its record first of all\n",
                             done.successor->str());
  }
  if (!done.unsigned_because.empty()) {
    std::cerr << fmt::format(
        "mail that only this key signed is unsigned from now on, because no slot is free: {}; when one is, "
        "or with "
        "one slot more, dkimkey generate --slots makes a new key\n",
        done.unsigned_because);
  }
  wait_for_agents(*store, domain, crypto::utc_now);
  const auto report = run_turn(*store, domain, turn, crypto::utc_now);
  if (options->has("json")) {
    std::cout << json_array(turn_objects(domain, report));
    std::cerr << failures_text(domain, report);
  } else {
    std::cout << describe_turn(domain, report);
  }
  return exit_code(report);
}

}  // namespace dkim::keytool
