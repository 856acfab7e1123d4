// dkimkey sign: prints a message with the signatures that the daemon would give it.
#include <fmt/format.h>

#include <iostream>

#include "canon/line_endings.hpp"
#include "crypto/error.hpp"
#include "crypto/signatures/signer.hpp"
#include "crypto/store/lease.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/keys/stored_keys.hpp"
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

Prints the message (from FILE, or from standard input) with its new DKIM-Signature fields on top. As in the
daemon, the From: field, the rules of the configuration and the key directory decide which domain signs it, and
the configuration decides the canonicalization and the header fields. Whether the daemon would sign the message at
all depends on the client that sends it: see dkimkey explain.
)",
    R"(Line ends stay as they are in the message, LF or CRLF; the signature is made for CRLF, as mail is sent. A line in
the header that is neither a field nor empty ends the header, as it does in Postfix.

A message that would not be signed is not printed; the reason goes to standard error.

Exit codes: 0 signed, 1 not signed, 2 wrong usage or configuration.
)"};

using crypto::Identity;
using crypto::NoIdentity;
using crypto::SigningIdentity;

NoIdentity no_identity(NoIdentity::Cause cause, std::string reason) {
  return {cause, std::move(reason), {}};
}

// Signs as the domain with one key, whatever its state, unless it is revoked.
Identity identity_with_key(const crypto::KeyStore& store, const canon::DomainName& domain,
                           const crypto::Manifest& manifest, const canon::Selector& selector) {
  const auto* entry = manifest.find(selector);
  if (entry == nullptr) return no_identity(NoIdentity::Cause::no_key, no_key_text(domain, selector));
  if (entry->state == crypto::KeyState::revoked) {
    return no_identity(NoIdentity::Cause::no_active_key,
                       fmt::format("the key {} of {} is revoked", selector.str(), domain.str()));
  }
  if (entry->state != crypto::KeyState::active) {
    std::cerr << fmt::format("note: the key {} is {}: the daemon does not sign with it\n", selector.str(),
                             to_string(entry->state));
  }
  auto key = std::make_shared<const crypto::PrivateKey>(store.load_key(domain, *entry));
  return SigningIdentity{domain, {{selector, std::move(key)}}, {}};
}

// Signs as the domain that --domain names, whatever the From: field says.
Identity named_identity(const crypto::KeyStore& store, const ParsedOptions& options) {
  const auto domain = pick_named_domain(*options.text("domain"), store);
  auto read = store.read_manifest(domain);
  if (!read) return no_identity(NoIdentity::Cause::no_key, no_keys_text(store.directory().string(), domain));
  if (const auto named = options.text("selector"))
    return identity_with_key(store, domain, read->manifest, pick_selector(*named, store, domain));
  auto keys = load_domain_keys(store, domain, std::move(read->manifest));
  if (keys.active.empty()) {
    return no_identity(NoIdentity::Cause::no_active_key, fmt::format("no key of {} is active", domain.str()));
  }
  return SigningIdentity{domain, std::move(keys.active), {}};
}

Identity identity_of(const MessageFile& message, const crypto::SigningSettings& settings,
                     const ParsedOptions& options) {
  if (const auto bad = message.bad_start()) return no_identity(NoIdentity::Cause::malformed, *bad);
  const auto authors = authors_of(message);
  if (!authors) return no_identity(NoIdentity::Cause::malformed, authors.refusal().reason);
  if (!authors->note.empty()) std::cerr << fmt::format("note: {}\n", terminal_text(authors->note));
  const crypto::KeyStore store(settings.key_directory);
  if (options.has("domain")) {
    require_lease(store, find_lease(store), crypto::utc_now());
    return named_identity(store, options);
  }
  crypto::UncachedKeySource keys(store);
  auto identity = choose_identity(*authors, settings.rules, keys);
  if (auto* found = std::get_if<SigningIdentity>(&identity))
    add_second_signers(*found, settings.also_sign, keys);
  return identity;
}

void print_signed(const MessageFile& message, const std::vector<canon::HeaderField>& signatures) {
  for (const auto& signature : signatures) {
    const auto field = fmt::format("{}:{}", signature.name, signature.value);
    std::cout << (message.line_end() == "\n" ? canon::to_lf(field) : field) << message.line_end();
  }
  std::cout << message.header();
  if (message.stray_line() != 0) std::cout << message.line_end();
  std::cout << message.rest();
}

}  // namespace

ExitCode sign(const Arguments& arguments) {
  CommandLine command_line("sign", help);
  command_line.add_options()                                                                    //
      ("domain,d", value_text("DOMAIN"), "sign as this domain, whatever the From: field says")  //
      ("selector,s", value_text("SELECTOR"),
       "sign with this key only, even if it is pending or retiring; needs --domain");
  command_line.add_positional("file", "the message");
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  if (options->has("selector") && !options->has("domain")) throw UsageError("--selector needs --domain");
  const auto settings = read_configuration(*options).signing;

  const MessageFile message(read_message_text(options->text("file").value_or("-")));
  auto identity = identity_of(message, settings, *options);
  if (const auto* none = std::get_if<NoIdentity>(&identity)) {
    std::cerr << fmt::format("not signed: {}\n", terminal_text(none->reason));
    return ExitCode::problem;
  }
  if (message.stray_line() != 0) {
    std::cerr << fmt::format(
        "note: line {} is neither a header field nor empty: the body begins there, after an empty line that "
        "was inserted\n",
        message.stray_line());
  }
  crypto::Signer signer(settings, std::get<SigningIdentity>(identity));
  signer.body(message.body());
  print_signed(message, signer.sign(message.fields(), crypto::utc_now()));
  return ExitCode::done;
}

}  // namespace dkim::keytool
