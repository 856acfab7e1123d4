// dkimkey check: compares the record that each name server has for each key with the key.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iostream>

#include "keytool/cli/configuration.hpp"
#include "keytool/cli/dns_options.hpp"
#include "keytool/cli/each_domain.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/keys/checked_keys.hpp"
#include "keytool/keys/copy_view.hpp"
#include "keytool/keys/key_report.hpp"
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
serves with the key, tag by tag and byte by byte. Follows CNAMEs into other zones. In a domain whose slots lead to
another name, looks at the CNAMEs on the servers of its zone, and at the records where they lead.
)",
    R"(Says of each server: right, missing, another key (with what differs), several records, revoked, or a syntax
error. Names common mistakes: quotation marks in the value, zone-file text, the record under another name. The
record of a revoked key is right if it is empty or gone. DNSSEC is mentioned and is never a failure. Of a slot, says
whether the owner of the domain has to act (no CNAME, one that leads elsewhere, a TXT record in its place) or you.

Exit codes: 0 everything is right, 1 a record is wrong or missing, 2 wrong usage or configuration, 3 a
server could not be asked, a pending key's record is not there yet, or a free slot has no right CNAME.
)"};

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

struct CheckedDomains {
  Checked all;
  ExitCode code = ExitCode::done;  // whether each domain could be checked
};

CheckedDomains check_domains(const crypto::KeyStore& store, const std::vector<canon::DomainName>& domains,
                             const std::optional<canon::Selector>& only, const DnsAccess& access) {
  CheckedDomains checked;
  for_each_domain(
      domains, [&](const canon::DomainName& domain) { return check_domain(store, domain, only, access); },
      [&](const canon::DomainName&, Checked domain) {
        std::move(domain.keys.begin(), domain.keys.end(), std::back_inserter(checked.all.keys));
        std::move(domain.slots.begin(), domain.slots.end(), std::back_inserter(checked.all.slots));
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

std::string found_text(const AliasServer& server) {
  return terminal_text(server.finding ? text_of(*server.finding) : server.trouble);
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

// Adds a row for each server of either kind of observation.
template <typename Found>
void add_rows(Table& table, const std::string& name, const std::string& state, const Found& observation) {
  if (!observation.trouble.empty()) table.add({name, state, "-", "-", terminal_text(observation.trouble)});
  for (const auto& server : observation.servers) {
    table.add({name, state, terminal_text(server.server), server.address.empty() ? "-" : server.address,
               found_text(server)});
  }
}

void print_table(const Checked& checked) {
  Table table({"RECORD", "STATE", "SERVER", "ADDRESS", "SERVES"});
  for (const auto& key : checked.keys) {
    const std::string state(to_string(key.entry.state));
    if (key.observation.alias) add_rows(table, key.place.name, state, *key.observation.alias);
    add_rows(table, key.place.published(), state, key.observation.record);
  }
  for (const auto& slot : checked.slots)
    add_rows(table, slot.place.name, "free", slot.observation);
  std::cout << table.str();
}

template <typename Found>
void add_server_texts(std::vector<std::string>& texts, const Found& observation) {
  for (const auto& server : observation.servers)
    texts.push_back(fmt::format("{} {} {}", server.server, server.address, found_text(server)));
}

JsonObject object_of(const CheckedKey& key) {
  JsonObject object;
  add_key_members(object, key.domain, key.entry, key.slot);
  add_record_members(object, key.record);
  object.text("dns", to_string(verdict_of(key)));
  object.text("detail", with_alias(key.view.detail, key.view));
  object.text("dnssec", dnssec_text(key.observation.record.dnssec));
  std::vector<std::string> servers;
  if (key.observation.alias) {
    object.text("cname", to_string(key.view.alias.state));
    add_server_texts(servers, *key.observation.alias);
  } else {
    object.null("cname");
  }
  add_server_texts(servers, key.observation.record);
  object.text("servers", fmt::format("{}", fmt::join(servers, "; ")));
  return object;
}

// Has the members of a key without what a key has.
JsonObject object_of(const CheckedSlot& slot) {
  JsonObject object;
  object.text("domain", slot.domain.str());
  object.text("selector", slot.slot.selector.str());
  object.text("algorithm", crypto::key_name(slot.slot.algorithm));
  object.null("bits");
  object.text("state", "free");
  for (const auto* name : {"created", "activated", "retired", "revoked"})
    object.null(name);
  object.boolean("slot", true);
  object.text("slot_target", slot.slot.target);
  object.text("name", slot.place.published());
  for (const auto* name : {"type", "ttl", "value"})
    object.null(name);
  object.text("dns", to_string(verdict_of(slot.view)));
  object.text("detail", slot.view.detail);
  object.null("dnssec");
  object.text("cname", to_string(slot.view.state));
  std::vector<std::string> servers;
  add_server_texts(servers, slot.observation);
  object.text("servers", fmt::format("{}", fmt::join(servers, "; ")));
  return object;
}

void print_json(const Checked& checked) {
  std::vector<JsonObject> objects;
  for (const auto& key : checked.keys)
    objects.push_back(object_of(key));
  for (const auto& slot : checked.slots)
    objects.push_back(object_of(slot));
  std::cout << json_array(objects);
}

bool is_too_long_for_its_form(const CheckedKey& key) {
  const auto& servers = key.observation.record.servers;
  return std::any_of(servers.begin(), servers.end(), [](const ServerFinding& server) {
    return server.finding && server.finding->too_long_for_its_form;
  });
}

void print_alias_note(const AliasView& view) {
  if (view.state != AliasView::State::right)
    std::cerr << fmt::format("note: {}\n", terminal_text(view.detail));
}

// Prints what a person should know beside the table.
void print_notes(const Checked& checked) {
  for (const auto& slot : checked.slots)
    print_alias_note(slot.view);
  for (const auto& key : checked.keys) {
    if (verdict_of_alias(key) != Verdict::right) print_alias_note(key.view.alias);
    const auto strings = crypto::txt_strings(key.record.value).size();
    if (strings > 1 && is_too_long_for_its_form(key)) {
      std::cerr << fmt::format(
          "note: the record of {} has {} bytes and needs {} strings of at most 255; some web forms truncate "
          "or refuse it (dkimkey show --format strings)\n",
          key.record.name, key.record.value.size(), strings);
    }
    if (key.observation.record.dnssec == Dnssec::secure)
      std::cerr << fmt::format("note: {} is in a zone signed with DNSSEC\n", key.record.name);
    if (key.observation.record.dnssec == Dnssec::bogus) {
      std::cerr << fmt::format(
          "note: {} fails the resolver's DNSSEC checks: receivers that make them see no record\n",
          key.record.name);
    }
  }
}

ExitCode exit_code(const Checked& checked) {
  bool waiting = false;
  for (const auto& slot : checked.slots)
    waiting = waiting || verdict_of(slot.view) != Verdict::right;
  for (const auto& key : checked.keys) {
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
  print_copy_view(by_path);
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
    print_json(checked.all);
  } else {
    print_table(checked.all);
    print_notes(checked.all);
  }
  return worse(checked.code, exit_code(checked.all));
}

}  // namespace dkim::keytool
