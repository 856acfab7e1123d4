// dkimkey rotate: takes keys through their cycle, as far as DNS and time allow.
#include <fmt/format.h>

#include <iostream>

#include "keytool/cli/configuration.hpp"
#include "keytool/cli/dns_options.hpp"
#include "keytool/cli/each_domain.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/cli/time_option.hpp"
#include "keytool/fleet/open_store.hpp"
#include "keytool/notify/notifier.hpp"
#include "keytool/output/terminal_text.hpp"
#include "keytool/rotation/turn_report.hpp"
#include "keytool/rotation/turn_wait.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey rotate [OPTIONS]

Examples:
  dkimkey rotate --domain example.com
      begin a turn: make a successor for each active key, whose record must then be published
  dkimkey rotate --due --all
      what the timer runs: begin turns for keys that are old enough, and continue those under way
  dkimkey rotate --wait
      stay until the new key signs
  dkimkey rotate --dry-run
      what would happen now
  dkimkey rotate --dry-run --due --at 2027-05-24T06:00:00Z
      what would happen then

A new key is pending until every authoritative server serves its record and no resolver can remember that it was
not there. Then it becomes active, and the old key retires at the same time. After the drain the old key is
revoked: its private key is destroyed, and its record must be emptied. Later its record must be removed.

In a fleet, a key becomes active when every machine has it, and the drain counts from when the last machine
stopped signing with the old one. A machine that holds this up is named. --compromised does not wait for machines;
it says which of them may still sign with the old key.

--compromised is not remembered: give it again, or together with --wait, until the old key is revoked. That does
not begin another turn.

rotate may be run at any time, by anyone, twice at once, and may be killed at any instant.
)",
    R"(The configuration sets the times, in days: rotation = { every = 180; drain = 7; forget = 30; }. It also says
how records are published: publish = { method = "manual"; }, "update", "hook" or "lexicon". With rotation.notify,
--due tells a person by mail what is to be done by hand, once and after each week; --dry-run shows the mail.

Exit codes: 0 done, 1 something failed, 2 wrong usage or configuration, 3 waiting for DNS, for a person, or
for machines that do not answer.
)"};

Clock read_clock(const ParsedOptions& options) {
  const auto time = time_option(options);
  if (!time) return crypto::utc_now;
  return [fixed = *time] { return fixed; };
}

void refuse_contradictions(const ParsedOptions& options) {
  if (options.has("due") && options.has("compromised"))
    throw UsageError("--compromised begins a turn at once: it does not go with --due");
  if (options.has("at") && !options.has("dry-run")) {
    throw UsageError(
        "--at looks ahead and goes only with --dry-run: a mistyped date would revoke keys before their time");
  }
  if (options.has("wait") && (options.has("all") || options.has("dry-run") || options.has("at")))
    throw UsageError("--wait is for one domain, in real time");
  if (options.has("all") && options.has("domain"))
    throw UsageError("--all rotates every domain: leave out --domain");
  for (const auto* other : {"domain", "all", "due", "compromised", "wait", "dry-run", "at", "json"}) {
    if (options.has("test-mail") && options.has(other))
      throw UsageError(fmt::format("--test-mail rotates nothing: leave out --{}", other));
  }
}

TurnOptions read_turn_options(const ParsedOptions& options, const Configuration& configuration) {
  using Replace = RotationRequest::Replace;
  using RetiringKeys = RotationRequest::RetiringKeys;
  TurnOptions turn;
  turn.request.replace = options.has("due") ? Replace::due_keys : Replace::all_keys;
  turn.request.retiring_keys = options.has("compromised") ? RetiringKeys::compromised : RetiringKeys::trusted;
  turn.look_at_active = !options.has("due");
  turn.policy = policy_of(configuration.keys);
  turn.dns = read_dns_options(options);
  turn.dry_run = options.has("dry-run");
  return turn;
}

// Prints each domain's report as it comes.
class ReportPrinter {
 public:
  explicit ReportPrinter(const ParsedOptions& options)
      : json_(options.has("json")), all_(options.has("all")), array_(std::cout) {}

  void add(const canon::DomainName& domain, const TurnReport& report) {
    code_ = worse(code_, exit_code(report));
    if (json_) {
      for (const auto& object : turn_objects(domain, report))
        array_.add(object);
      std::cerr << failures_text(domain, report);
    } else if (!all_ || !report.is_idle()) {
      std::cout << describe_turn(domain, report);
    }
  }

  void add_failure(const canon::DomainName& domain, const std::string& what) {
    code_ = ExitCode::problem;
    std::cerr << fmt::format("{}: {}\n", domain.str(), terminal_text(what));
  }

  ExitCode finish() {
    if (json_) array_.finish();
    return code_;
  }

 private:
  bool json_;
  bool all_;
  ExitCode code_ = ExitCode::done;
  JsonArrayWriter array_;
};

// The timer's run, which nobody watches, tells a person by mail; --wait stays with one.
std::optional<Notifier> make_notifier(const ParsedOptions& options, const Configuration& configuration,
                                      const Clock& now) {
  if (!options.has("due") || options.has("wait") || !configuration.keys.notify) return std::nullopt;
  return Notifier(configuration, now());
}

ExitCode send_test_mail(const Configuration& configuration, const Clock& now) {
  if (!configuration.keys.notify)
    throw UsageError("nobody is to be told by mail: set rotation.notify in the configuration");
  std::cerr << Notifier(configuration, now()).send_test();
  return ExitCode::done;
}

// Shows the mail of a dry run below a line, or sends it. A failure stops nothing that was done.
ExitCode finish_notices(Notifier& notifier, const ParsedOptions& options) {
  try {
    if (!options.has("dry-run")) {
      std::cerr << notifier.tell();
    } else if (const auto mail = notifier.preview(); !mail.empty() && !options.has("json")) {
      std::cout << fmt::format("This mail would be sent:\n\n{}", mail);
    }
    return ExitCode::done;
  } catch (const crypto::Error& error) {
    std::cerr << fmt::format("dkimkey: nobody was told by mail: {}\n", terminal_text(error.what()));
    return ExitCode::problem;
  }
}

}  // namespace

ExitCode rotate(const Arguments& arguments) {
  CommandLine command_line("rotate", help);
  command_line.add_options()                                                                            //
      ("domain,d", value_text("DOMAIN"), "the domain (default: the only one, or this host's own)")      //
      ("all", "every domain of the store; one that fails does not stop the others")                     //
      ("due", "begin a turn only if the active key is old enough; continue those under way")            //
      ("compromised", "the old key is in the wrong hands: revoke it as soon as the new one signs")      //
      ("wait", "stay until the new key is active")                                                      //
      ("dry-run", "say what would happen now, and change nothing")                                      //
      ("at", value_text("TIME"), "with --dry-run: as if it were this UTC time (2027-05-24T06:00:00Z)")  //
      ("test-mail", "send a mail to the recipient of rotation.notify, and do nothing else")             //
      ("json", "print an array of objects, one for each key");
  add_dns_options(command_line);
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  const auto configuration = read_configuration(*options);
  const auto store = fleet::open_store_of_record(configuration);
  const Clock now = read_clock(*options);
  refuse_contradictions(*options);
  if (options->has("test-mail")) return send_test_mail(configuration, now);
  const auto turn = read_turn_options(*options, configuration);
  const auto domains =
      options->has("all") ? store->domains() : std::vector{pick_domain(options->text("domain"), *store)};
  // Not for one domain: it gains nothing, and with --wait, which takes hours, another directory may have the
  // name by then.
  if (domains.size() > 1) store->hold();
  ReportPrinter printer(*options);
  auto notifier = make_notifier(*options, configuration, now);
  if (notifier && options->has("all")) notifier->forget_all_but(domains);
  for_each_domain(
      domains,
      [&](const canon::DomainName& domain) {
        auto own = turn;
        own.publish = configuration.keys.publish_for(domain);
        auto report = run_turn(*store, domain, own, now);
        if (options->has("wait")) report = wait_for_turn(*store, domain, own, std::move(report), now);
        return report;
      },
      [&](const canon::DomainName& domain, const TurnReport& report) {
        printer.add(domain, report);
        if (notifier) notifier->see(domain, report);
      },
      [&](const canon::DomainName& domain, const std::string& what) {
        printer.add_failure(domain, what);
        if (notifier) notifier->see_failure(domain, what);
      });
  const auto code = printer.finish();
  return notifier ? worse(code, finish_notices(*notifier, *options)) : code;
}

}  // namespace dkim::keytool
