// dkimkey activate: a pending key signs from now on, if the world can see its record.
#include <iostream>

#include "crypto/error.hpp"
#include "crypto/keys/key_record.hpp"
#include "crypto/store/domain_transaction.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/cli/dns_options.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/dns/observation.hpp"
#include "keytool/keys/key_report.hpp"
#include "keytool/output/terminal_text.hpp"
#include "keytool/rotation/rotation.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey activate [--selector SELECTOR] [OPTIONS]

Examples:
  dkimkey activate --domain example.com --selector server
  dkimkey activate --force
      without a look at DNS

Asks every authoritative server whether it serves the key's record, as check does, and makes the key active if all
do. Another active key of the same algorithm retires in the same instant.
)",
    R"(Without --selector: the only pending key of the domain.

Other than rotate, this does not wait until resolvers have forgotten that the record was not there: between the
two, some receivers may not find it yet.

Exit codes: 0 done, 1 no such key, or it cannot be activated, 2 wrong usage or configuration, 3 the record is
not on every server yet.
)"};

const crypto::KeyEntry& pick_key(const crypto::Manifest& manifest, const canon::DomainName& domain,
                                 const std::optional<canon::Selector>& given) {
  const crypto::KeyEntry* pending = nullptr;
  if (given) {
    pending = manifest.find(*given);
    if (pending == nullptr)
      throw crypto::StoreError("there is no key " + given->str() + " in " + domain.str());
  } else {
    for (const auto& key : manifest.keys) {
      if (key.state != crypto::KeyState::pending) continue;
      if (pending != nullptr) throw UsageError("more than one key is pending; name one with --selector");
      pending = &key;
    }
    if (pending == nullptr) throw crypto::StoreError("no key of " + domain.str() + " is pending");
  }
  if (pending->state != crypto::KeyState::pending) {
    throw crypto::StoreError("the key " + pending->selector.str() + " is not pending but " +
                             std::string(to_string(pending->state)));
  }
  return *pending;
}

// Throws if the manifest is no longer the one that was looked at.
std::vector<canon::Selector> make_active(const crypto::KeyStore& store, const canon::DomainName& domain,
                                         const crypto::Manifest& seen, const crypto::KeyEntry& key) {
  crypto::DomainTransaction transaction(store, domain);
  auto& manifest = transaction.manifest();
  if (!(manifest == seen))
    throw crypto::StoreError("the keys of " + domain.str() + " were changed meanwhile: try again");
  Activate change{key.selector, retired_by(manifest, key)};
  apply_change(change, manifest, crypto::utc_now());
  transaction.commit();
  return change.retire;
}

}  // namespace

ExitCode activate(const Arguments& arguments) {
  CommandLine command_line("activate", help);
  command_line.add_options()                                                                      //
      ("domain,d", value_text("DOMAIN"), "the domain (default: the only one, or /etc/mailname)")  //
      ("selector,s", value_text("SELECTOR"), "the key (default: the only pending one)")           //
      ("force", "without a look at DNS");
  add_dns_options(command_line);
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  const auto access = read_dns_options(*options);
  const crypto::KeyStore store(read_configuration(*options).signing.key_directory);
  const auto domain = pick_domain(options->text("domain"), store);
  const auto read = store.read_manifest(domain);
  if (!read) throw crypto::StoreError("there are no keys for " + domain.str());
  std::optional<canon::Selector> named;
  if (const auto text = options->text("selector")) named = pick_selector(*text, store, domain);
  const auto& key = pick_key(read->manifest, domain, named);
  const auto private_key = store.load_key(domain, key);  // what cannot be loaded must not become active

  if (!options->has("force")) {
    const auto view = summarize(Observer(access).look(crypto::record_name(key.selector, domain),
                                                      make_record(private_key, read->manifest.record)));
    if (view.state != RecordView::State::right) {
      std::cerr << key.selector.str()
                << " stays pending: its record is not on every server: " << terminal_text(view.detail)
                << '\n';
      return ExitCode::waiting;
    }
  }
  const auto retired = make_active(store, domain, read->manifest, key);
  std::cerr << "activated " << key.selector.str() << ": mail is signed with it from now on\n";
  for (const auto& old : retired)
    std::cerr << old.str() << " retires: keep its record in DNS until dkimkey rotate says that it can go\n";
  return ExitCode::done;
}

}  // namespace dkim::keytool
