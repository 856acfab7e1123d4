// dkimkey rotate: the cycle of keys, as far as the facts allow.
#include <iostream>

#include "keytool/cli/configuration.hpp"
#include "keytool/cli/dns_options.hpp"
#include "keytool/cli/each_domain.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/cli/time_option.hpp"
#include "keytool/output/terminal_text.hpp"
#include "keytool/rotation/turn_report.hpp"
#include "keytool/rotation/turn_wait.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey rotate [OPTIONS]

Examples:
  dkimkey rotate --domain example.com
      begin a turn: a new key for each algorithm, whose record is then to be published
  dkimkey rotate --due --all
      what a timer runs: begin where a key is old enough, and go on with all that is under way
  dkimkey rotate --wait
      stay until the new key signs
  dkimkey rotate --dry-run
      what would happen now?
  dkimkey rotate --dry-run --due --at 2027-05-24T06:00:00Z
      and what then?

A new key is pending until every authoritative server serves its record and no resolver can remember that it was
not there. Then it becomes active, and the old one retires in the same instant. After the drain the old key is
revoked: its record is to be emptied and its private key is destroyed. Later its record is to be removed.

--compromised is not remembered: give it again, or --wait with it, until the old key is revoked. No other turn is
begun by that.

May be run at any time, by anyone, twice at once, and killed at any instant.
)",
    R"(The times come from the configuration: rotation = { every = 180; drain = 7; forget = 30; } in days. How records
get into DNS is publish = { method = "manual"; }, "update" or "hook" there.

Exit codes: 0 done, 1 something failed, 2 wrong usage or configuration, 3 waiting for DNS or for a person.
)"};

Clock read_clock(const ParsedOptions& options) {
  const auto time = time_option(options);
  if (!time) return crypto::utc_now;
  return [fixed = *time] { return fixed; };
}

TurnOptions read_turn_options(const ParsedOptions& options) {
  TurnOptions turn;
  turn.request.turn = options.has("due") ? RotationRequest::Turn::if_due : RotationRequest::Turn::start;
  turn.look_at_active = !options.has("due");
  turn.request.compromised = options.has("compromised");
  turn.dns = read_dns_options(options);
  turn.dry_run = options.has("dry-run");
  if (options.has("due") && options.has("compromised")) {
    throw UsageError("--compromised begins a turn at once: it does not go with --due");
  }
  if (options.has("at") && !turn.dry_run) {
    throw UsageError(
        "--at is a look ahead and goes with --dry-run alone: by a date with a slip of the finger keys would "
        "be "
        "revoked before their time");
  }
  if (options.has("wait") && (options.has("all") || options.has("dry-run") || options.has("at"))) {
    throw UsageError("--wait is for one domain, in real time");
  }
  return turn;
}

}  // namespace

ExitCode rotate(const Arguments& arguments) {
  CommandLine command_line("rotate", help);
  command_line.add_options()                                                                            //
      ("domain,d", value_text("DOMAIN"), "the domain (default: the only one, or /etc/mailname)")        //
      ("all", "every domain of the store; one that fails does not stop the others")                     //
      ("due", "begin a turn only where the active key is old enough; go on with those under way")       //
      ("compromised", "the old key is in wrong hands: revoke it as soon as the new one signs")          //
      ("wait", "stay until the new key is active")                                                      //
      ("dry-run", "say what would happen now, and change nothing")                                      //
      ("at", value_text("TIME"), "with --dry-run: as if it were this UTC time (2027-05-24T06:00:00Z)")  //
      ("json", "an array of objects, a key each, on standard output");
  add_dns_options(command_line);
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  const auto configuration = read_configuration(*options);
  const crypto::KeyStore by_path(configuration.signing.key_directory);
  const Clock now = read_clock(*options);
  auto turn = read_turn_options(*options);
  turn.policy = policy_of(configuration.keys);
  if (options->has("all") && options->has("domain"))
    throw UsageError("--all is for every domain: leave out --domain");

  const auto domains =
      options->has("all") ? by_path.domains() : std::vector{pick_domain(options->text("domain"), by_path)};
  // Not where it waits, for hours: another directory may have taken its name by then.
  const auto store = domains.size() > 1 && !options->has("wait") ? by_path.held() : by_path;
  ExitCode code = ExitCode::done;
  JsonArrayWriter array(std::cout);
  for_each_domain(
      domains,
      [&](const canon::DomainName& domain) {
        auto own = turn;
        own.publish = configuration.keys.publish_for(domain);
        auto report = run_turn(store, domain, own, now);
        if (options->has("wait")) report = wait_for_turn(store, domain, own, std::move(report), now);
        return report;
      },
      [&](const canon::DomainName& domain, const TurnReport& report) {
        code = worse(code, exit_code(report));
        if (options->has("json")) {
          std::vector<JsonObject> objects;
          add_turn_objects(objects, domain, report);
          for (const auto& object : objects)
            array.add(object);
          std::cerr << failures_text(domain, report);
        } else if (!options->has("all") || !report.is_idle()) {
          std::cout << describe_turn(domain, report);
        }
      },
      [&](const canon::DomainName& domain, const std::string& what) {
        code = ExitCode::problem;
        std::cerr << domain.str() << ": " << terminal_text(what) << '\n';
      });
  if (options->has("json")) array.finish();
  return code;
}

}  // namespace dkim::keytool
