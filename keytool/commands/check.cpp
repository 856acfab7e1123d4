// dkimkey check: compares the record that each name server has for each key with the key.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iostream>

#include "crypto/keys/key_record.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/cli/dns_options.hpp"
#include "keytool/cli/each_domain.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/dns/observation.hpp"
#include "keytool/keys/key_report.hpp"
#include "keytool/keys/stored_keys.hpp"
#include "keytool/output/table.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey check [OPTIONS]

Examples:
  dkimkey check --domain example.com
      every key of the domain that needs a record
  dkimkey check --selector server
      one key
  dkimkey check --all --json
      all domains, for a program
  dkimkey check --no-authoritative --resolver 9.9.9.9
      in a network that blocks outgoing port 53

Asks every authoritative name server of the zone for the record of each key, directly, and compares what it
serves with the key, tag by tag and byte by byte. Follows CNAMEs into other zones.
)",
    R"(Says of each server: right, missing, another key (with what differs), several records, revoked, or a syntax
error. Names common mistakes: quotation marks in the value, zone-file text, the record under another name. The
record of a revoked key is right if it is empty or gone. DNSSEC is mentioned and is never a failure.

Exit codes: 0 everything is right, 1 a record is wrong or missing, 2 wrong usage or configuration, 3 a
server could not be asked, or a pending key's record is not there yet.
)"};

struct CheckedKey {
  canon::DomainName domain;
  crypto::KeyEntry entry;
  crypto::NamedRecord record;
  Observation observation;
  std::optional<crypto::Slot> slot;  // if it is in one
};

enum class Verdict { right, wrong, unknown };

Verdict verdict_of(const CheckedKey& key) {
  bool wrong = false;
  for (const auto& server : key.observation.servers)
    wrong = wrong || (server.finding && !is_expected(key.entry.state, server.finding->status));
  if (wrong) return Verdict::wrong;
  const auto view = summarize(key.observation);
  const bool unknown = view.state == RecordView::State::unknown || !view.all_answered;
  return unknown ? Verdict::unknown : Verdict::right;
}

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::right:
      return "right";
    case Verdict::wrong:
      return "wrong";
    case Verdict::unknown:
      return "unknown";
  }
  return {};
}

std::vector<CheckedKey> check_domain(const crypto::KeyStore& store, const canon::DomainName& domain,
                                     const std::optional<canon::Selector>& only, const DnsAccess& access) {
  const auto manifest = require_manifest(store, domain);
  if (only) require_key(manifest, domain, *only);
  Observer observer(access, Observer::Misplaced::look_for);
  std::vector<CheckedKey> checked;
  for (const auto& entry : manifest.keys) {
    if (only ? entry.selector != *only : entry.forgotten.has_value()) continue;
    const auto expected = store.record_of(domain, entry, manifest.record);
    CheckedKey key{domain,
                   entry,
                   named_record(entry.selector, domain, expected),
                   {},
                   slot_copy(manifest, entry.selector)};
    key.observation = observer.look(key.record.name, expected);
    checked.push_back(std::move(key));
  }
  return checked;
}

struct CheckedDomains {
  std::vector<CheckedKey> keys;
  ExitCode code = ExitCode::done;  // whether each domain could be checked
};

CheckedDomains check_domains(const crypto::KeyStore& store, const std::vector<canon::DomainName>& domains,
                             const std::optional<canon::Selector>& only, const DnsAccess& access) {
  CheckedDomains checked;
  for_each_domain(
      domains, [&](const canon::DomainName& domain) { return check_domain(store, domain, only, access); },
      [&](const canon::DomainName&, std::vector<CheckedKey> keys) {
        std::move(keys.begin(), keys.end(), std::back_inserter(checked.keys));
      },
      [&](const canon::DomainName& domain, const std::string& what) {
        checked.code = ExitCode::problem;
        std::cerr << fmt::format("{}: {}\n", domain.str(), terminal_text(what));
      });
  return checked;
}

std::string found_text(const ServerFinding& server) {
  if (!server.finding) return terminal_text(server.trouble);
  std::string text(to_string(server.finding->status));
  if (!server.finding->detail.empty()) text += fmt::format(": {}", terminal_text(server.finding->detail));
  if (!server.alias.empty()) text += fmt::format(" (by CNAME {})", terminal_text(server.alias));
  return text;
}

std::string_view dnssec_text(Dnssec state) {
  switch (state) {
    case Dnssec::secure:
      return "secure";
    case Dnssec::bogus:
      return "bogus";
    case Dnssec::insecure:
      return "insecure";
  }
  return {};
}

void print_table(const std::vector<CheckedKey>& keys) {
  Table table({"RECORD", "STATE", "SERVER", "ADDRESS", "SERVES"});
  for (const auto& key : keys) {
    const std::string state(to_string(key.entry.state));
    if (!key.observation.trouble.empty()) {
      table.add({key.record.name, state, "-", "-", terminal_text(key.observation.trouble)});
    }
    for (const auto& server : key.observation.servers) {
      table.add({key.record.name, state, terminal_text(server.server),
                 server.address.empty() ? "-" : server.address, found_text(server)});
    }
  }
  std::cout << table.str();
}

void print_json(const std::vector<CheckedKey>& keys) {
  std::vector<JsonObject> objects;
  for (const auto& key : keys) {
    const auto view = summarize(key.observation);
    auto& object = objects.emplace_back();
    add_key_members(object, key.domain, key.entry, key.slot);
    add_record_members(object, key.record);
    object.text("dns", to_string(verdict_of(key)));
    object.text("detail", key.observation.trouble.empty() ? view.detail : key.observation.trouble);
    object.text("dnssec", dnssec_text(key.observation.dnssec));
    std::vector<std::string> servers;
    for (const auto& server : key.observation.servers)
      servers.push_back(fmt::format("{} {} {}", server.server, server.address, found_text(server)));
    object.text("servers", fmt::format("{}", fmt::join(servers, "; ")));
  }
  std::cout << json_array(objects);
}

bool is_too_long_for_its_form(const CheckedKey& key) {
  const auto& servers = key.observation.servers;
  return std::any_of(servers.begin(), servers.end(), [](const ServerFinding& server) {
    return server.finding && server.finding->too_long_for_its_form;
  });
}

// Prints what a person should know beside the table.
void print_notes(const std::vector<CheckedKey>& keys) {
  for (const auto& key : keys) {
    const auto strings = crypto::txt_strings(key.record.value).size();
    if (strings > 1 && is_too_long_for_its_form(key)) {
      std::cerr << fmt::format(
          "note: the record of {} has {} bytes and needs {} strings of at most 255; some web forms truncate "
          "or refuse it (dkimkey show --format strings)\n",
          key.record.name, key.record.value.size(), strings);
    }
    if (key.observation.dnssec == Dnssec::secure)
      std::cerr << fmt::format("note: {} is in a zone signed with DNSSEC\n", key.record.name);
    if (key.observation.dnssec == Dnssec::bogus) {
      std::cerr << fmt::format(
          "note: {} fails the resolver's DNSSEC checks: receivers that make them see no record\n",
          key.record.name);
    }
  }
}

ExitCode exit_code(const std::vector<CheckedKey>& keys) {
  bool waiting = false;
  for (const auto& key : keys) {
    const Verdict verdict = verdict_of(key);
    if (verdict == Verdict::wrong && key.entry.state != crypto::KeyState::pending) return ExitCode::problem;
    waiting = waiting || verdict != Verdict::right;
  }
  return waiting ? ExitCode::waiting : ExitCode::done;
}

}  // namespace

ExitCode check(const Arguments& arguments) {
  CommandLine command_line("check", help);
  command_line.add_options()                                                                        //
      ("domain,d", value_text("DOMAIN"), "the domain (default: the only one, or this host's own)")  //
      ("selector,s", value_text("SELECTOR"), "only this key")                                       //
      ("all", "every domain of the store")                                                          //
      ("json", "print an array of objects, one for each key");
  add_dns_options(command_line);
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  const auto access = read_dns_options(*options);
  const crypto::KeyStore by_path(read_configuration(*options).signing.key_directory);
  if (options->has("all") && (options->has("selector") || options->has("domain"))) {
    throw UsageError("--all checks every domain and key: leave out --domain and --selector");
  }

  const auto domains =
      options->has("all") ? by_path.domains() : std::vector{pick_domain(options->text("domain"), by_path)};
  const auto store = store_for(domains, by_path);
  std::optional<canon::Selector> only;
  if (const auto text = options->text("selector")) only = pick_selector(*text, store, domains.front());
  const auto checked = check_domains(store, domains, only, access);
  if (options->has("json")) {
    print_json(checked.keys);
  } else {
    print_table(checked.keys);
    print_notes(checked.keys);
  }
  return worse(checked.code, exit_code(checked.keys));
}

}  // namespace dkim::keytool
