// dkimkey explain: would mail of an address be signed, with what, and if not, why not?
#include <iostream>

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
  dkimkey explain --json alerts@server.example.com

Tells whether mail from ADDRESS, or the message in FILE ("-" for standard input), would be signed, as which
domain, with which keys and by which rule, or why not; in which state the domain's keys are and whether the
daemon can use their files; and what must hold of the client that sends it.
)",
    R"(Objects of --json, one for each key looked at, have address, would_sign, reason, note (on a From field
that is not RFC 5322), rule (its number in the configuration, from 1), signs (is this key's signature one of those made?), problem (of its file), and what
list has: domain, selector, algorithm, bits, state, created, activated, retired, revoked. Where there is no
key at all, one object has null for these.

Exit codes: 0 would be signed, 1 would not, 2 wrong usage or configuration.
)"};

crypto::Authors parse_address(const std::string& text) {
  auto mailboxes = canon::parse_mailboxes(text);
  if (!mailboxes) throw UsageError("\"" + text + "\" is no address: " + mailboxes.refusal().reason);
  return {*std::move(mailboxes)};
}

Explanation find_out(const ParsedOptions& options, const Configuration& configuration) {
  const auto daemon = credentials_of(daemon_user);
  if (const auto address = options.text("address"))
    return explain_authors(parse_address(*address), configuration.signing, daemon);
  const MessageFile message(read_message_text(*options.text("message")));
  if (const auto bad = message.bad_start()) return explain_malformed(*bad);
  const auto authors = authors_of(message);
  if (!authors) return explain_malformed(authors.refusal().reason);
  return explain_authors(*authors, configuration.signing, daemon);
}

std::string describe_choice(const Explanation& explanation, const crypto::SigningSettings& settings) {
  if (explanation.rule) {
    const auto& rule = settings.rules[*explanation.rule];
    return "  by rule " + std::to_string(*explanation.rule + 1) + " of the configuration: sender \"" +
           terminal_text(rule.sender) +
           (rule.domain ? "\", domain " + rule.domain->str() : "\", not to be signed") + "\n";
  }
  if (!explanation.domain) return {};
  const auto author_domain =
      canon::DomainName::parse(explanation.author.substr(explanation.author.rfind('@') + 1));
  if (author_domain && *author_domain == *explanation.domain) return "  by the author's own domain\n";
  return "  by the nearest parent of the author's domain that signs for its subdomains\n";
}

std::string describe_answer(const Explanation& explanation, const crypto::SigningSettings& settings) {
  const std::string subject =
      explanation.author.empty() ? "the message" : "mail from " + terminal_text(explanation.author);
  const std::string note =
      explanation.note.empty() ? "" : "  note: " + terminal_text(explanation.note) + "\n";
  if (!explanation.would_sign) {
    std::string out = subject + " would not be signed: " + terminal_text(explanation.reason) + "\n";
    if (explanation.fault) out += "  this is a fault, not a choice: the daemon does what on_error says\n";
    return out + describe_choice(explanation, settings) + note;
  }
  std::string out = subject + " would be signed\n" + describe_choice(explanation, settings) + note;
  for (const auto& key : explanation.keys) {
    if (!key.signs) continue;
    out += "  d=" + key.domain.str() + " s=" + key.entry.selector.str() +
           " a=" + std::string(signature_name(key.entry.algorithm)) + "\n";
  }
  return out;
}

std::string describe_state(const crypto::KeyEntry& entry) {
  std::string out(to_string(entry.state));
  switch (entry.state) {
    case crypto::KeyState::pending:
      return out + ", does not sign yet";
    case crypto::KeyState::active:
      return out + (entry.activated ? " since " + crypto::to_string(*entry.activated) : "");
    default:
      return out + ", does not sign any more";
  }
}

std::string describe_keys(const Explanation& explanation) {
  if (explanation.keys.empty()) return {};
  std::string out = "\nKeys looked at:\n";
  for (const auto& [domain, entry, signs, problem] : explanation.keys) {
    out += "  " + entry.selector.str() + "._domainkey." + domain.str() + "  " +
           kind_text(entry.algorithm, entry.bits) + "; " + describe_state(entry) + "\n";
    if (problem) out += "    " + terminal_text(*problem) + "\n";
  }
  return out;
}

std::string describe_client(const Configuration& configuration) {
  std::string networks;
  if (!configuration.clients.trusted_networks) {
    networks = "this host itself, unless trusted_networks says otherwise";
  } else if (configuration.clients.trusted_networks->empty()) {
    networks = "none: trusted_networks is empty";
  } else {
    for (const auto& network : *configuration.clients.trusted_networks)
      networks += (networks.empty() ? "" : ", ") + terminal_text(network.text);
  }
  std::string out = "\nThe daemon signs for a client that\n  - connects locally or from a trusted network (" +
                    networks + "), or\n";
  out += configuration.clients.sign_authenticated ? "  - has authenticated itself to Postfix, or\n" : "";
  return out +
         "  - comes with a macro that the setting macros names.\nMail of other clients passes unsigned.\n";
}

JsonObject common_members(const Explanation& explanation) {
  JsonObject object;
  object.optional_text("address",
                       explanation.author.empty() ? std::nullopt : std::optional(explanation.author));
  object.boolean("would_sign", explanation.would_sign);
  object.optional_text("reason", explanation.would_sign ? std::nullopt : std::optional(explanation.reason));
  object.optional_text("note", explanation.note.empty() ? std::nullopt : std::optional(explanation.note));
  if (explanation.rule) {
    object.number("rule", static_cast<long long>(*explanation.rule) + 1);
  } else {
    object.null("rule");
  }
  return object;
}

std::string explanation_json(const Explanation& explanation) {
  std::vector<JsonObject> objects;
  for (const auto& key : explanation.keys) {
    auto& object = objects.emplace_back(common_members(explanation));
    object.boolean("signs", key.signs && explanation.would_sign);
    object.optional_text("problem", key.problem);
    add_key_members(object, key.domain, key.entry);
  }
  if (objects.empty()) {
    auto& object = objects.emplace_back(common_members(explanation));
    object.boolean("signs", false);
    for (const auto* name : {"problem", "domain", "selector", "algorithm", "bits", "state", "created",
                             "activated", "retired", "revoked"})
      object.null(name);
  }
  return json_array(objects);
}

}  // namespace

ExitCode explain(const Arguments& arguments) {
  CommandLine command_line("explain", help);
  command_line.add_options()("message,m", value_text("FILE"), "ask about the message in this file")(
      "json", "print an array of objects, a key each");
  command_line.add_positional("address", "whose mail");
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  if (options->has("address") == options->has("message"))
    throw UsageError("give an address, or a message by --message FILE");

  const auto configuration = read_configuration(*options);
  const auto explanation = find_out(*options, configuration);
  if (options->has("json")) {
    std::cout << explanation_json(explanation);
  } else {
    std::cout << describe_answer(explanation, configuration.signing) << describe_keys(explanation)
              << describe_client(configuration);
  }
  return explanation.would_sign ? ExitCode::done : ExitCode::problem;
}

}  // namespace dkim::keytool
