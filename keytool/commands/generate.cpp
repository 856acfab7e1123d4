// dkimkey generate: makes a key, prints its record, and says what to do with it.
#include <fmt/format.h>
#include <unistd.h>

#include <iostream>

#include "canon/labels.hpp"
#include "crypto/keys/key_record.hpp"
#include "crypto/store/published_record.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/fleet/open_store.hpp"
#include "keytool/generate/generate_advice.hpp"
#include "keytool/generate/generate_options.hpp"
#include "keytool/generate/slot_plan.hpp"
#include "keytool/keys/key_directory.hpp"
#include "keytool/keys/key_report.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey generate [OPTIONS]

Examples:
  dkimkey generate --domain example.com --selector server --activate
      a key that signs at once
  dkimkey generate --selector server
      one that does not sign yet, for the only domain here or this host's own
  dkimkey generate --selector server --fit 255
      for a DNS provider that refuses records longer than one string
  dkimkey generate --selector server --algorithm both
      an RSA key "server" and an Ed25519 key "server-ed25519"
  dkimkey generate --domain shop.example --slots s1,s2
      for a domain whose owner makes two CNAMEs once, and never touches DNS again
  dkimkey generate --selector server >> example.com.zone
      the record straight into a zone file

Makes a private key in the key directory and prints the DNS record of its public key, as zone-file text with
an absolute name, on standard output. Says on standard error what was made and what to do next. Files get the
group of the key directory, so that the daemon can read them.
)",
    R"(A new key is pending: its record must be published, and nothing is signed with it until dkimkey activate or
rotate finds the record on every name server. With --activate it signs at once, even if its record is not in
DNS.

A selector is never used again in a domain, and a key is never overwritten. The options from -t to -h apply to
all keys of the domain: what is not given stays as it is, and records of older keys that change are named on
standard error.

With --slots, the domain's keys take turns in these selectors, and a turn reuses one only after all trace of its last
key has passed; see SLOTS in dkimkey(8). The setting slot_target says where the CNAMEs lead. An existing domain moves
to slots, and back with --no-slots, by a turn: its old key signs until the new one is in DNS.

The options of opendkim-genkey have the same letters and names here. Unlike there, -D names the directory of all
keys, the key is pending, -h * is the default (sha1 is refused), and -b is 2048 or what --fit allows.

Exit codes: 0 done, 1 the selector is taken or the key directory cannot be used, 2 wrong usage or
configuration.
)"};

struct PlannedKey {
  KeyRequest request;
  int bits = 0;
};

int rsa_bits(const GenerateRequest& request, const crypto::RecordFlags& flags) {
  const auto& [wanted, fit] = request.size;
  if (!fit) return wanted;
  const int bits = crypto::largest_rsa_bits(flags, static_cast<std::size_t>(*fit));
  if (bits == 0) {
    throw UsageError(fmt::format(
        "no RSA key of {} bits or more has a record of {} bytes; 255 bytes are enough if the note is short",
        crypto::min_rsa_bits, *fit));
  }
  return bits;
}

void refuse_used_selector(const canon::DomainName& domain, const crypto::Manifest& manifest,
                          const canon::Selector& selector) {
  const auto* entry = manifest.find(selector);
  if (entry == nullptr || (manifest.is_slot(selector) && entry->forgotten)) return;
  throw crypto::StoreError(fmt::format(
      "the selector {} is taken in {} ({}, {}, created {}); a selector is never used twice: choose "
      "another with --selector",
      selector.str(), domain.str(), kind_text(entry->algorithm, entry->bits), to_string(entry->state),
      crypto::to_string(entry->created)));
}

void refuse_target_elsewhere(const canon::DomainName& domain, const crypto::Manifest& manifest,
                             const canon::Selector& selector) {
  const auto* slot = manifest.find_slot(selector);
  if (slot == nullptr || slot->target.empty()) return;
  throw UsageError(
      fmt::format("--noappend-domain prints names in the zone of {}, and the record of {} goes to {}",
                  domain.str(), selector.str(), slot->target));
}

std::vector<PlannedKey> plan(const GenerateRequest& request, const canon::DomainName& domain,
                             crypto::Manifest manifest) {
  request.flags.apply_to(manifest);
  std::vector<PlannedKey> planned;
  for (const auto& key : request.keys) {
    if (request.relative_names) refuse_target_elsewhere(domain, manifest, key.selector);
    refuse_used_selector(domain, manifest, key.selector);
    // RFC 1035 §2.3.4: no receiver could ask for a longer name.
    if (const auto name = crypto::record_name(key.selector, domain); name.size() > canon::longest_name) {
      throw UsageError(
          fmt::format("the record's name would have {} bytes, and DNS allows {}; choose a shorter selector",
                      name.size(), canon::longest_name));
    }
    planned.push_back({key, key.algorithm == crypto::Algorithm::rsa ? rsa_bits(request, manifest.record)
                                                                    : crypto::ed25519_bits});
  }
  return planned;
}

crypto::PrivateKey make_key(const PlannedKey& planned, const GenerateRequest& request) {
  if (planned.request.algorithm == crypto::Algorithm::rsa) {
    std::cerr << size_warning(planned.bits);
    // Large keys take their time: up to a minute for 8192 bits.
    if (request.verbose || (planned.bits > 2 * crypto::default_rsa_bits && isatty(STDERR_FILENO) != 0))
      std::cerr << fmt::format("making an RSA key of {} bits ...\n", planned.bits);
  }
  return crypto::PrivateKey::generate(planned.request.algorithm, planned.bits);
}

// Writes the records of older keys again if the flags have changed. Returns their selectors.
std::vector<canon::Selector> update_records(crypto::DomainChange& transaction,
                                            const crypto::RecordFlags& before) {
  std::vector<canon::Selector> changed;
  if (transaction.manifest().record == before) return changed;
  for (const auto& entry : transaction.manifest().keys) {
    transaction.rewrite_record(entry);
    changed.push_back(entry.selector);
  }
  return changed;
}

struct Outcome {
  std::vector<MadeKey> made;
  std::vector<canon::Selector> changed;
  crypto::Manifest manifest;  // after the change
};

crypto::KeyEntry new_entry(const GenerateRequest& request, const canon::Selector& selector,
                           const crypto::PrivateKey& key, crypto::UtcTime now) {
  crypto::KeyEntry entry{
      .selector = selector, .algorithm = key.algorithm(), .bits = key.bits(), .created = now};
  if (request.activate) {
    entry.state = crypto::KeyState::active;
    entry.activated = now;
  }
  return entry;
}

[[noreturn]] void throw_changed_meanwhile(const canon::DomainName& domain) {
  throw crypto::StoreError(fmt::format("the keys of {} were changed meanwhile: try again", domain.str()));
}

// Another dkimkey may have changed the domain's flags since the size was chosen.
bool still_fits(const MadeKey& made, const SizeRequest& size) {
  return !size.fit || made.entry.algorithm != crypto::Algorithm::rsa ||
         made.record.value.size() <= static_cast<std::size_t>(*size.fit);
}

// Stores all of it or, whatever happens, nothing (crypto/store/domain_change).
Outcome store_keys(crypto::StoreOfRecord& store, const canon::DomainName& domain,
                   const GenerateRequest& request, const std::vector<crypto::PrivateKey>& keys,
                   const crypto::KeySettings& settings, const crypto::SignerView& signers) {
  const auto transaction = store.change(domain);
  auto& manifest = transaction->manifest();
  Outcome outcome;
  const auto before = manifest.record;
  request.flags.apply_to(manifest);
  outcome.changed = update_records(*transaction, before);

  if (apply_slots(request, domain, settings, signers, manifest) != request.keys)
    throw_changed_meanwhile(domain);
  const auto now = crypto::utc_now();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto& selector = request.keys[i].selector;
    refuse_used_selector(domain, manifest, selector);
    MadeKey made{new_entry(request, selector, keys[i], now),
                 published_record(manifest, selector, domain, make_record(keys[i], manifest.record)),
                 slot_copy(manifest, selector)};
    if (!still_fits(made, request.size)) throw_changed_meanwhile(domain);
    transaction->add_key(made.entry, keys[i]);
    made.entry = *manifest.find(selector);
    outcome.made.push_back(std::move(made));
  }
  transaction->commit();
  outcome.manifest = manifest;
  return outcome;
}

void print_records(const GenerateRequest& request, const canon::DomainName& domain,
                   const std::vector<MadeKey>& made) {
  if (!request.json) {
    for (const auto& key : made) {
      std::cout << (request.relative_names
                        ? relative_zone_text(key.record, crypto::record_label(key.entry.selector))
                        : zone_text(key.record));
    }
    return;
  }
  std::vector<JsonObject> objects;
  for (const auto& key : made) {
    auto& object = objects.emplace_back();
    add_key_members(object, domain, key.entry, key.slot);
    add_record_members(object, key.record);
  }
  std::cout << json_array(objects);
}

}  // namespace

ExitCode generate(const Arguments& arguments) {
  CommandLine command_line("generate", help);
  add_generate_options(command_line);
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  if (options->has("version")) {
    std::cout << "dkimkey " DKIMSIGND_VERSION "\n";
    return ExitCode::done;
  }
  auto request = read_generate_request(*options);
  const auto configuration = read_configuration(*options);
  const auto store = fleet::open_store_of_record(configuration);
  const auto domain = pick_domain(request.domain, *store);

  // Refuses before the work is done; what another dkimkey does meanwhile is seen under the lock.
  const auto& directory = store->files().directory();
  const auto before = key_directory_exists(directory) ? store->read_manifest(domain) : std::nullopt;
  auto manifest = before.value_or(crypto::Manifest{});
  // Named if no slot is free.
  const auto signers = before && !request.slots.empty() ? store->signers(domain) : crypto::SignerView{};
  request.keys = apply_slots(request, domain, configuration.keys, signers, manifest);
  const auto planned = plan(request, domain, manifest);
  std::cerr << algorithm_note(request, manifest);
  std::vector<crypto::PrivateKey> keys;
  for (const auto& key : planned)
    keys.push_back(make_key(key, request));
  make_missing_key_directory(directory);
  const auto outcome = store_keys(*store, domain, request, keys, configuration.keys, signers);
  print_records(request, domain, outcome.made);
  std::cout.flush();
  std::cerr << describe_made(store->files(), domain, outcome.made)
            << describe_company(domain, outcome.manifest, outcome.made)
            << describe_publishing(domain, outcome.made) << describe_cnames(domain, outcome.manifest)
            << describe_changed(domain, outcome.changed);
  return ExitCode::done;
}

}  // namespace dkim::keytool
