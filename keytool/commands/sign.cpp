// dkimkey sign: a message with the signatures that the daemon would give it.
#include <iostream>

#include "canon/line_endings.hpp"
#include "crypto/error.hpp"
#include "crypto/signatures/signer.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/messages/message_file.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey sign [OPTIONS] [FILE]

Examples:
  dkimkey sign message.eml > signed.eml
  dkimkey sign < message.eml | dkimverify
  dkimkey sign --domain example.com --selector next message.eml   with a key that does not sign yet

Prints the message (from FILE, or from standard input) with its new DKIM-Signature fields on top. As whom
it is signed follows from its From: field, the rules of the configuration and the key directory, as it does
in the daemon; so do the canonicalization and the choice of header fields. Whether the daemon would take the
message for one of ours at all depends on the client that sends it: see dkimkey explain.
)",
    R"(Line ends stay as they are in the message, LF or CRLF; the signature holds for CRLF, as mail is sent. A
line in the header that is neither a field nor empty ends the header, as it does in Postfix.

A message that would not be signed is not printed; the reason goes to standard error.

Exit codes: 0 signed, 1 not signed, 2 wrong usage or configuration.
)"};

using crypto::Identity;
using crypto::NoIdentity;
using crypto::SigningIdentity;

// The keys of a domain that is named instead of found out.
Identity forced_identity(const crypto::KeyStore& store, const ParsedOptions& options) {
  const auto domain = pick_named_domain(*options.text("domain"), store);
  auto read = store.read_manifest(domain);
  if (!read)
    return NoIdentity{
        NoIdentity::Cause::no_key, "no keys of " + domain.str() + " in " + store.directory().string(), {}};
  const auto named = options.text("selector");
  if (!named) {
    auto keys = load_domain_keys(store, domain, std::move(read->manifest));
    if (keys.active.empty())
      return NoIdentity{NoIdentity::Cause::no_active_key, "no key of " + domain.str() + " is active", {}};
    return SigningIdentity{domain, std::move(keys.active), {}};
  }
  const auto selector = pick_selector(*named, store, domain);
  const auto* entry = read->manifest.find(selector);
  if (entry == nullptr)
    return NoIdentity{NoIdentity::Cause::no_key, "no selector " + selector.str() + " in " + domain.str(), {}};
  if (entry->state == crypto::KeyState::revoked)
    return NoIdentity{NoIdentity::Cause::no_active_key,
                      "the key " + selector.str() + " of " + domain.str() + " is revoked",
                      {}};
  if (entry->state != crypto::KeyState::active) {
    std::cerr << "note: the key " << selector.str() << " is " << to_string(entry->state)
              << ": the daemon does not sign with it\n";
  }
  auto key = std::make_shared<const crypto::PrivateKey>(store.load_key(domain, *entry));
  return SigningIdentity{domain, {{selector, std::move(key)}}, {}};
}

Identity identity_of(const MessageFile& message, const crypto::SigningSettings& settings,
                     const ParsedOptions& options) {
  if (const auto bad = message.bad_start()) return NoIdentity{NoIdentity::Cause::malformed, *bad, {}};
  const auto authors = authors_of(message);
  if (!authors) return NoIdentity{NoIdentity::Cause::malformed, authors.refusal().reason, {}};
  if (!authors->note.empty()) std::cerr << "note: " << terminal_text(authors->note) << '\n';
  const crypto::KeyStore store(settings.key_directory);
  if (options.has("domain")) return forced_identity(store, options);
  crypto::UncachedKeySource keys(store);
  return choose_identity(*authors, settings.rules, keys);
}

void print_signed(const MessageFile& message, const std::vector<canon::HeaderField>& signatures) {
  for (const auto& signature : signatures) {
    const std::string field = signature.name + ":" + signature.value;
    std::cout << (message.line_end() == "\n" ? canon::to_lf(field) : field) << message.line_end();
  }
  std::cout << message.header();
  if (message.stray_line() != 0) std::cout << message.line_end();
  std::cout << message.rest();
}

}  // namespace

ExitCode sign(const Arguments& arguments) {
  CommandLine command_line("sign", help);
  command_line.add_options()("domain,d", value_text("DOMAIN"),
                             "sign as this domain, whatever the From: field")(
      "selector,s", value_text("SELECTOR"),
      "with this key only, even if it is pending or retiring; needs --domain");
  command_line.add_positional("file", "the message");
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  if (options->has("selector") && !options->has("domain")) throw UsageError("--selector needs --domain");
  const auto settings = read_configuration(*options).signing;

  const MessageFile message(read_message_text(options->text("file").value_or("-")));
  auto identity = identity_of(message, settings, *options);
  if (const auto* none = std::get_if<NoIdentity>(&identity)) {
    std::cerr << "not signed: " << terminal_text(none->reason) << '\n';
    return ExitCode::problem;
  }
  if (message.stray_line() != 0) {
    std::cerr << "note: line " << message.stray_line()
              << " is neither a header field nor empty: the body begins there, and an empty line was put "
                 "before it\n";
  }
  auto& signed_as = std::get<SigningIdentity>(identity);
  crypto::Signer signer(settings, std::move(signed_as.domain), std::move(signed_as.keys));
  signer.body(message.body());
  print_signed(message, signer.sign(message.fields(), crypto::utc_now()));
  return ExitCode::done;
}

}  // namespace dkim::keytool
