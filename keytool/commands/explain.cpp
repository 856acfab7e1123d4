// dkimkey explain: says whether mail from an address would be signed, with what, and if not, why not.
#include <fmt/ranges.h>

#include <iostream>

#include "crypto/error.hpp"
#include "crypto/keys/key_record.hpp"
#include "crypto/settings/login_table.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/keys/key_directory.hpp"
#include "keytool/keys/key_report.hpp"
#include "keytool/messages/explanation.hpp"
#include "keytool/messages/message_file.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey explain [OPTIONS] ADDRESS
       dkimkey explain [OPTIONS] --message FILE

Examples:
  dkimkey explain alerts@server.example.com
  dkimkey explain --message message.eml
  dkimkey explain --login alice@example.com alice@example.com    as mail of a client that logged in
  dkimkey explain --json alerts@server.example.com

Says whether mail from ADDRESS, or the message in FILE ("-" for standard input), would be signed: as which domain,
with which keys and by which rule, or why not. Says in which state the domain's keys are, whether the daemon can
use their files, and which clients it signs for.
)",
    R"(Objects of --json, one for each key that was looked up, have address, would_sign, reason, note (on a From field
that is not RFC 5322), rule (its number in the configuration, from 1), signs (whether the message gets this key's
signature), also_sign (the number of the entry that has it sign beside the author's), problem (with the key's
file), and the members that list has: domain, selector, algorithm, bits, state, created, activated, retired, revoked,
slot, slot_target. If there is no key at all, one object has null for these.

Exit codes: 0 would be signed, 1 would not, 2 wrong usage or configuration.
)"};

crypto::Authors parse_address(const std::string& text) {
  auto mailboxes = canon::parse_mailboxes(text);
  if (!mailboxes)
    throw UsageError(fmt::format("\"{}\" is not an address: {}", text, mailboxes.refusal().reason));
  return {*std::move(mailboxes)};
}

std::optional<crypto::Login> login_of(const ParsedOptions& options, const Configuration& configuration) {
  const auto name = options.text("login");
  if (!name) return std::nullopt;
  try {
    return crypto::Login{*name, crypto::look_up_login(configuration.logins, *name)};
  } catch (const crypto::SettingsError& error) {
    throw ConfigurationError(error.what());
  }
}

Explanation explain_with(const ParsedOptions& options, const Configuration& configuration,
                         const std::optional<Credentials>& daemon) {
  const auto login = login_of(options, configuration);
  if (const auto address = options.text("address"))
    return explain_authors(parse_address(*address), configuration.signing, daemon, login);
  const MessageFile message(read_message_text(*options.text("message")));
  if (const auto bad = message.bad_start()) return explain_malformed(*bad);
  const auto authors = authors_of(message);
  if (!authors) return explain_malformed(authors.refusal().reason);
  return explain_authors(*authors, configuration.signing, daemon, login);
}

Explanation explanation_of(const ParsedOptions& options, const Configuration& configuration) {
  const auto daemon = credentials_of(daemon_user);
  auto explanation = explain_with(options, configuration, daemon);
  return options.has("login") ? with_login_table(std::move(explanation), configuration.logins, daemon)
                              : explanation;
}

std::string describe_choice(const Explanation& explanation, const crypto::SigningSettings& settings) {
  if (explanation.rule) {
    const auto& rule = settings.rules[*explanation.rule];
    return fmt::format("  by rule {} of the configuration: sender \"{}\", {}\n", *explanation.rule + 1,
                       terminal_text(rule.sender),
                       rule.domain ? fmt::format("domain {}", rule.domain->str()) : "not to be signed");
  }
  if (!explanation.domain) return {};
  const auto author_domain =
      canon::DomainName::parse(explanation.author.substr(explanation.author.rfind('@') + 1));
  if (author_domain && *author_domain == *explanation.domain) return "  by the author's own domain\n";
  return "  by the nearest parent of the author's domain that signs for its subdomains\n";
}

std::string describe_login(const Explanation& explanation, const Configuration& configuration) {
  if (explanation.foreign_author) {
    return fmt::format("  on_foreign_author in the configuration says what the daemon does then: {}\n",
                       terminal_text(configuration.clients.on_foreign_author));
  }
  if (configuration.logins.method == crypto::LoginSettings::Method::every_domain)
    return "  logins is \"any\": every login may write from every domain\n";
  return {};
}

std::string describe_answer(const Explanation& explanation, const crypto::SigningSettings& settings) {
  const std::string subject = explanation.author.empty()
                                  ? "the message"
                                  : fmt::format("mail from {}", terminal_text(explanation.author));
  std::string out;
  if (explanation.would_sign) {
    out = fmt::format("{} would be signed\n", subject);
  } else {
    out = fmt::format("{} would not be signed: {}\n", subject, terminal_text(explanation.reason));
    if (explanation.fault) out += "  this is a fault, not a choice: the daemon does what on_error says\n";
  }
  out += describe_choice(explanation, settings);
  if (!explanation.note.empty()) out += fmt::format("  note: {}\n", terminal_text(explanation.note));
  if (!explanation.would_sign) return out;
  for (const auto& key : explanation.keys) {
    if (!key.signs) continue;
    out += fmt::format("  d={} s={} a={}{}\n", key.domain.str(), key.entry.selector.str(),
                       signature_name(key.entry.algorithm), key.also_sign ? " by also_sign" : "");
  }
  return out;
}

std::string describe_state(const crypto::KeyEntry& entry) {
  switch (entry.state) {
    case crypto::KeyState::pending:
      return "pending, does not sign yet";
    case crypto::KeyState::active:
      return entry.activated ? fmt::format("active since {}", crypto::to_string(*entry.activated)) : "active";
    case crypto::KeyState::retiring:
    case crypto::KeyState::revoked:
      break;
  }
  return fmt::format("{}, no longer signs", to_string(entry.state));
}

std::string describe_slot(const std::optional<crypto::Slot>& slot) {
  if (!slot) return {};
  return slot->target.empty() ? "; in a slot" : fmt::format("; in a slot, published at {}", slot->target);
}

std::string describe_keys(const Explanation& explanation) {
  if (explanation.keys.empty()) return {};
  std::string out = "\nKeys looked up:\n";
  for (const auto& key : explanation.keys) {
    const auto& entry = key.entry;
    out +=
        fmt::format("  {}  {}; {}{}\n", crypto::record_name(entry.selector, key.domain),
                    kind_text(entry.algorithm, entry.bits), describe_state(entry), describe_slot(key.slot));
    if (key.problem) out += fmt::format("    {}\n", terminal_text(*key.problem));
  }
  return out;
}

std::string describe_networks(const crypto::ClientSettings& clients) {
  const auto& networks = clients.trusted_networks;
  if (!networks) return "this host itself, unless trusted_networks says otherwise";
  if (networks->empty()) return "none: trusted_networks is empty";
  std::vector<std::string> shown;
  for (const auto& network : *networks)
    shown.push_back(terminal_text(network.text));
  return fmt::format("{}", fmt::join(shown, ", "));
}

std::string describe_client(const Configuration& configuration) {
  return fmt::format(
      R"(
The daemon signs for a client that
  - connects locally or from a trusted network ({}), or
{}  - comes with a macro that the setting macros names.
Mail from other clients passes unsigned.
)",
      describe_networks(configuration.clients),
      configuration.clients.sign_authenticated ? "  - has authenticated itself to Postfix, or\n" : "");
}

// Counts from 1, as people do.
void add_number(JsonObject& object, const char* name, const std::optional<std::size_t>& number) {
  if (number) {
    object.number(name, static_cast<long long>(*number) + 1);
  } else {
    object.null(name);
  }
}

JsonObject common_members(const Explanation& explanation) {
  JsonObject object;
  object.optional_text("address",
                       explanation.author.empty() ? std::nullopt : std::optional(explanation.author));
  object.boolean("would_sign", explanation.would_sign);
  object.optional_text("reason", explanation.would_sign ? std::nullopt : std::optional(explanation.reason));
  object.optional_text("note", explanation.note.empty() ? std::nullopt : std::optional(explanation.note));
  add_number(object, "rule", explanation.rule);
  return object;
}

std::string explanation_json(const Explanation& explanation) {
  std::vector<JsonObject> objects;
  for (const auto& key : explanation.keys) {
    auto& object = objects.emplace_back(common_members(explanation));
    object.boolean("signs", key.signs && explanation.would_sign);
    add_number(object, "also_sign", key.also_sign);
    object.optional_text("problem", key.problem);
    add_key_members(object, key.domain, key.entry, key.slot);
  }
  if (objects.empty()) {
    auto& object = objects.emplace_back(common_members(explanation));
    object.boolean("signs", false);
    for (const auto* name : {"also_sign", "problem"})
      object.null(name);
    add_null_key_members(object);
  }
  return json_array(objects);
}

}  // namespace

ExitCode explain(const Arguments& arguments) {
  CommandLine command_line("explain", help);
  command_line.add_options()("message,m", value_text("FILE"), "ask about the message in this file")(
      "login", value_text("NAME"), "for a client that has logged in to Postfix by this name (see logins)")(
      "json", "print an array of objects, one for each key");
  command_line.add_positional("address", "the author's address");
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  if (options->has("address") == options->has("message"))
    throw UsageError("give an address, or a message with --message FILE");

  const auto configuration = read_configuration(*options);
  const auto explanation = explanation_of(*options, configuration);
  if (options->has("json")) {
    std::cout << explanation_json(explanation);
  } else {
    std::cout << describe_answer(explanation, configuration.signing)
              << (options->has("login") ? describe_login(explanation, configuration) : "")
              << describe_keys(explanation) << describe_client(configuration);
  }
  return explanation.would_sign ? ExitCode::done : ExitCode::problem;
}

}  // namespace dkim::keytool
