// dkimkey activate: makes a pending key sign, if every name server has its record.
#include <fmt/format.h>

#include <iostream>

#include "crypto/error.hpp"
#include "crypto/keys/key_record.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/cli/dns_options.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/dns/observation.hpp"
#include "keytool/fleet/open_store.hpp"
#include "keytool/keys/signer_text.hpp"
#include "keytool/keys/stored_keys.hpp"
#include "keytool/output/terminal_text.hpp"
#include "keytool/rotation/rotation.hpp"
#include "keytool/rotation/signer_wait.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey activate [--selector SELECTOR] [OPTIONS]

Examples:
  dkimkey activate --domain example.com --selector server
  dkimkey activate --force
      without asking DNS or the machines of a fleet

Asks every authoritative server whether it serves the key's record, as check does, and makes the key active if all
of them do. In a fleet, every machine must have the key, too. Another active key of the same algorithm retires at
the same time.
)",
    R"(Without --selector: the only pending key of the domain.

Unlike rotate, this does not wait until resolvers have forgotten that the record was not there: until then, some
receivers may not find it.

Exit codes: 0 done, 1 no such key, or it cannot be activated, 2 wrong usage or configuration, 3 the record is
not on every server yet, or the key not on every machine.
)"};

crypto::KeyEntry only_pending_key(const crypto::Manifest& manifest, const canon::DomainName& domain) {
  const crypto::KeyEntry* pending = nullptr;
  for (const auto& key : manifest.keys) {
    if (key.state != crypto::KeyState::pending) continue;
    if (pending != nullptr) throw UsageError("more than one key is pending; name one with --selector");
    pending = &key;
  }
  if (pending == nullptr) throw crypto::StoreError(fmt::format("no key of {} is pending", domain.str()));
  return *pending;
}

crypto::KeyEntry pick_key(const crypto::Manifest& manifest, const canon::DomainName& domain,
                          const std::optional<canon::Selector>& given) {
  if (!given) return only_pending_key(manifest, domain);
  crypto::KeyEntry key = require_key(manifest, domain, *given);
  if (key.state != crypto::KeyState::pending) {
    throw crypto::StoreError(
        fmt::format("the key {} is not pending but {}", key.selector.str(), to_string(key.state)));
  }
  return key;
}

// Returns the keys that retire. Throws StoreError if the manifest is no longer the one that was seen.
Selectors make_active(crypto::StoreOfRecord& store, const canon::DomainName& domain,
                      const crypto::Manifest& seen, const crypto::KeyEntry& key) {
  const auto transaction = store.change(domain);
  auto& manifest = transaction->manifest();
  if (!(manifest == seen))
    throw crypto::StoreError(fmt::format("the keys of {} were changed meanwhile: try again", domain.str()));
  Activate change{key.selector, retired_by(manifest, key)};
  apply_change(change, manifest, crypto::utc_now());
  transaction->commit();
  return change.retire;
}

}  // namespace

ExitCode activate(const Arguments& arguments) {
  CommandLine command_line("activate", help);
  command_line.add_options()                                                                        //
      ("domain,d", value_text("DOMAIN"), "the domain (default: the only one, or this host's own)")  //
      ("selector,s", value_text("SELECTOR"), "the key (default: the only pending one)")             //
      ("force", "do not ask DNS, nor whether all machines of a fleet have the key");
  add_dns_options(command_line);
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  const auto access = read_dns_options(*options);
  const auto store = fleet::open_store_of_record(read_configuration(*options));
  const auto domain = pick_domain(options->text("domain"), *store);
  const auto manifest = require_manifest(*store, domain);
  std::optional<canon::Selector> named;
  if (const auto text = options->text("selector")) named = pick_selector(*text, *store, domain);
  const auto key = pick_key(manifest, domain, named);
  // A key that cannot be loaded must not become active.
  const auto private_key = store->load_key(domain, key);

  if (!options->has("force")) {
    const auto place = place_of(manifest, key.selector, domain);
    const auto view =
        summarize(place, Observer(access).look(place, make_record(private_key, manifest.record)));
    if (!view.is_right()) {
      std::cerr << fmt::format("{} stays pending: {}\n", key.selector.str(),
                               terminal_text(what_is_wrong(view)));
      return ExitCode::waiting;
    }
    wait_for_agents(*store, domain, crypto::utc_now);
    if (const auto lacking = expected_back(store->signers(domain)); !lacking.empty()) {
      std::cerr << fmt::format("{} stays pending: {}\n", key.selector.str(),
                               terminal_text(lacks_key_text(lacking)));
      return ExitCode::waiting;
    }
  }
  const auto retired = make_active(*store, domain, manifest, key);
  std::cerr << fmt::format("activated {}: mail is signed with it from now on\n", key.selector.str());
  for (const auto& old : retired) {
    std::cerr << fmt::format(
        "{} retires: keep its record in DNS until dkimkey rotate says that it can be removed\n", old.str());
  }
  return ExitCode::done;
}

}  // namespace dkim::keytool
