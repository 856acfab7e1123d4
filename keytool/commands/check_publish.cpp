// dkimkey check-publish: proves that records can be published, by a record of its own.
#include <fmt/format.h>

#include <iostream>
#include <set>

#include "crypto/store/published_record.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/cli/dns_options.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/keys/key_directory.hpp"
#include "keytool/output/json.hpp"
#include "keytool/output/terminal_text.hpp"
#include "keytool/rotation/publish_probe.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey check-publish [OPTIONS]

Examples:
  dkimkey check-publish --domain example.com
      try the configuration before a key depends on it
  dkimkey check-publish --timeout 3600
      for servers that take up to an hour

Proves that publish in the configuration works, without touching a key or its record. Makes a TXT record below
the domain's _domainkey, with a random name that begins with dkimkey-check- and the length of a key's record.
Waits until every authoritative server serves it, removes it, and waits until none serves it any more.

Removes the record also after a failure, and if it is interrupted.
)",
    R"(Nothing can be checked if the method is "manual", since a person publishes then.

Exit codes: 0 proven, 1 the record was refused, is served wrongly or was not removed, 2 wrong usage or
configuration, 3 not every server has followed in time, it was interrupted, or a person publishes.
)"};

constexpr int default_timeout = 300;
constexpr int longest_timeout = 86400;

std::chrono::seconds read_timeout(const ParsedOptions& options) {
  const int timeout = options.number("timeout").value_or(default_timeout);
  if (timeout < 1 || timeout > longest_timeout)
    throw UsageError(fmt::format("--timeout is a number of seconds from 1 to {}", longest_timeout));
  return std::chrono::seconds(timeout);
}

std::string method_of(const crypto::PublishSettings& publish) {
  using Method = crypto::PublishSettings::Method;
  switch (publish.method) {
    case Method::manual:
      return "manual";
    case Method::update:
      return "update";
    case Method::hook:
      return "hook";
    case Method::lexicon:
      return "lexicon";
  }
  return {};
}

// Returns the names below which the domain's records are published: its own _domainkey, or what the CNAMEs of
// its slots lead to.
std::set<std::string> parents_of(const crypto::KeyStore& store, const canon::DomainName& domain) {
  const std::string own = "_domainkey." + domain.str();
  std::set<std::string> parents;
  const auto stored = key_directory_exists(store.directory()) ? store.read_manifest(domain) : std::nullopt;
  if (stored) {
    for (const auto& key : stored->manifest.keys) {
      const auto name = crypto::publication_name(stored->manifest, key.selector, domain);
      const std::string label = key.selector.str() + ".";
      if (!key.forgotten && name.starts_with(label)) parents.insert(name.substr(label.size()));
    }
  }
  if (parents.empty()) parents.insert(own);
  return parents;
}

ExitCode code_of(ProbeReport::Outcome outcome) {
  switch (outcome) {
    case ProbeReport::Outcome::proven:
      return ExitCode::done;
    case ProbeReport::Outcome::failed:
      return ExitCode::problem;
    case ProbeReport::Outcome::waiting:
      return ExitCode::waiting;
  }
  return ExitCode::problem;
}

std::string_view word_of(ProbeReport::Outcome outcome) {
  switch (outcome) {
    case ProbeReport::Outcome::proven:
      return "proven";
    case ProbeReport::Outcome::failed:
      return "failed";
    case ProbeReport::Outcome::waiting:
      return "waiting";
  }
  return {};
}

JsonObject object_of(const canon::DomainName& domain, const std::string& method, const ProbeReport& report) {
  JsonObject object;
  object.text("domain", domain.str());
  object.text("method", method);
  object.text("name", report.record.name);
  object.text("result", word_of(report.outcome));
  object.optional_text("detail", report.trouble.empty() ? std::nullopt : std::optional(report.trouble));
  object.boolean("may_be_left", report.may_be_left);
  return object;
}

void print_end(const ProbeReport& report) {
  switch (report.outcome) {
    case ProbeReport::Outcome::proven:
      std::cout << "  proven   records can be published\n";
      return;
    case ProbeReport::Outcome::failed:
      std::cout << fmt::format("  failed   {}\n", terminal_text(report.trouble));
      break;
    case ProbeReport::Outcome::waiting:
      std::cout << fmt::format("  waits    {}\n", terminal_text(report.trouble));
      break;
  }
  if (report.may_be_left) {
    std::cout << fmt::format("  to do    see that there is no TXT record of {} any more; it does no harm\n",
                             report.record.name);
  }
}

}  // namespace

ExitCode check_publish(const Arguments& arguments) {
  CommandLine command_line("check-publish", help);
  command_line.add_options()                                                                        //
      ("domain,d", value_text("DOMAIN"), "the domain (default: the only one, or this host's own)")  //
      ("timeout", value_number("SECONDS"),
       "how long to wait for the servers, each of two times (default 300)")  //
      ("json", "print an array of objects, one for each record");
  add_dns_options(command_line);
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  ProbeOptions probe;
  probe.dns = read_dns_options(*options);
  probe.patience = read_timeout(*options);
  const auto configuration = read_configuration(*options);
  const crypto::KeyStore store(configuration.signing.key_directory);
  const auto domain = pick_domain(options->text("domain"), store);
  probe.publish = configuration.keys.publish_for(domain);
  const bool as_json = options->has("json");
  const std::string method = method_of(probe.publish);

  if (probe.publish.method == crypto::PublishSettings::Method::manual) {
    std::cerr << fmt::format(
        "{}: a person publishes the records (publish = {{ method = \"manual\"; }}): nothing can be checked\n",
        domain.str());
    if (as_json) std::cout << json_array({});
    return ExitCode::waiting;
  }
  StopSignals stop;
  ExitCode code = ExitCode::done;
  std::vector<JsonObject> objects;
  for (const auto& parent : parents_of(store, domain)) {
    const auto record = make_probe_record(parent);
    auto& talk = as_json ? std::cerr : std::cout;
    talk << fmt::format("{}\n", record.named.name) << std::flush;
    const auto report = probe_publishing(probe, record, stop, [&](const std::string& event) {
      talk << fmt::format("  done     {}\n", event) << std::flush;
    });
    if (as_json) {
      objects.push_back(object_of(domain, method, report));
    } else {
      print_end(report);
    }
    code = worse(code, code_of(report.outcome));
    if (stop.has_come()) break;
  }
  if (as_json) std::cout << json_array(objects);
  return code;
}

}  // namespace dkim::keytool
