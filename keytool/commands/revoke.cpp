// dkimkey revoke: a key is in wrong hands, and is void at once.
#include <iostream>

#include "keytool/cli/configuration.hpp"
#include "keytool/cli/dns_options.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/rotation/revocation.hpp"
#include "keytool/rotation/turn_report.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey revoke --selector SELECTOR [OPTIONS]

Examples:
  dkimkey revoke --domain example.com --selector server

Makes a key void at once: its private key is destroyed, and its record is to be emptied (p=), so that receivers
refuse whatever is signed with it. Mail on its way that it signed fails, too. If it was the last active
key of its algorithm, a successor signs from the same instant, though its record is not in DNS yet: publish
that first. To change a key without a gap, use dkimkey rotate.
)",
    R"(Exit codes: 0 done, 1 no such key, or something failed, 2 wrong usage or configuration, 3 done, and waiting for
a person or DNS.
)"};

}  // namespace

ExitCode revoke(const Arguments& arguments) {
  CommandLine command_line("revoke", help);
  command_line.add_options()                                                                      //
      ("domain,d", value_text("DOMAIN"), "the domain (default: the only one, or /etc/mailname)")  //
      ("selector,s", value_text("SELECTOR"), "the key")                                           //
      ("json", "an array of objects, a key each, on standard output");
  add_dns_options(command_line);
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  const auto selector_text = options->text("selector");
  if (!selector_text) throw UsageError("which key? Name it with --selector");
  const auto configuration = read_configuration(*options);
  const crypto::KeyStore store(configuration.signing.key_directory);
  const auto domain = pick_domain(options->text("domain"), store);
  const auto selector = pick_selector(*selector_text, store, domain);

  TurnOptions turn;
  turn.policy = policy_of(configuration.keys);
  turn.publish = configuration.keys.publish_for(domain);
  turn.dns = read_dns_options(*options);
  const auto successor = revoke_key(store, domain, selector, configuration.signing.rules, crypto::utc_now());
  std::cerr << "revoked " << selector.str() << " and destroyed its private key\n";
  if (successor) {
    std::cerr << "mail is signed with " << successor->str()
              << " from now on; its record belongs into DNS first of all\n";
  }
  turn.request.turn = RotationRequest::Turn::none;
  turn.look_at_active = true;
  const auto report = run_turn(store, domain, turn, crypto::utc_now);
  if (options->has("json")) {
    std::vector<JsonObject> objects;
    add_turn_objects(objects, domain, report);
    std::cout << json_array(objects);
    std::cerr << failures_text(domain, report);
  } else {
    std::cout << describe_turn(domain, report);
  }
  return exit_code(report);
}

}  // namespace dkim::keytool
