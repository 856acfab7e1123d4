#include "keytool/opendkim/store_writer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/error.hpp"
#include "crypto/keys/key_record.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Outcome = StoredKey::Outcome;
using DomainKeys = std::vector<std::pair<const KeyName*, const FoundKey*>>;

std::map<canon::DomainName, DomainKeys> by_domain(const WantedKeys& wanted) {
  std::map<canon::DomainName, DomainKeys> domains;
  for (const auto& [name, key] : wanted.keys)
    domains[name.domain].emplace_back(&name, &key);
  return domains;
}

// Returns why a slot without a key cannot take the key; nothing if it can. Its record is where it was before
// the import, and not where a slot with a target has its records.
std::optional<std::string> why_not_into(const crypto::Slot& slot, const FoundKey& key) {
  if (!slot.target.empty()) {
    return fmt::format(
        "the selector is a slot whose records are published at {}, where that of this key is not",
        slot.target);
  }
  if (slot.algorithm == key.key->algorithm()) return std::nullopt;
  return fmt::format("the selector is a slot for {}, and slots keep their algorithm",
                     crypto::key_name(slot.algorithm));
}

StoredKey judge(crypto::StoreOfRecord& store, const crypto::Manifest& manifest, const KeyName& name,
                const FoundKey& key, crypto::KeyState wanted_state) {
  const auto* entry = manifest.find(name.selector);
  if (entry == nullptr) {
    const auto* slot = manifest.find_slot(name.selector);
    const auto why_not = slot == nullptr ? std::nullopt : why_not_into(*slot, key);
    return why_not ? StoredKey{name, Outcome::refused, *why_not} : StoredKey{name, Outcome::added, {}};
  }
  const std::string state(to_string(entry->state));
  if (entry->state == crypto::KeyState::revoked)
    return {name, Outcome::refused, "the selector belongs to a key that was revoked"};
  try {
    if (store.load_key(name.domain, *entry).public_key() != key.key->public_key()) {
      return {name, Outcome::refused,
              fmt::format("the store has another key of that name ({}), and a selector is never used twice",
                          state)};
    }
  } catch (const crypto::KeyFileError& error) {
    return {name, Outcome::refused, error.what()};
  }
  if (entry->state == wanted_state) return {name, Outcome::there_already, {}};
  return {name, Outcome::refused,
          fmt::format("the store already has it, and there it is {}{}", state,
                      entry->state == crypto::KeyState::pending ? "; see dkimkey activate" : "")};
}

// Remarks on a domain that is already in the store and treats its subdomains differently.
std::optional<Remark> check_subdomains(const WantedKeys& wanted, const canon::DomainName& domain,
                                       const crypto::Manifest& manifest) {
  const auto subdomains = wanted.subdomains.find(domain);
  if (subdomains == wanted.subdomains.end() || manifest.keys.empty() ||
      manifest.subdomains == subdomains->second.sign)
    return std::nullopt;
  if (subdomains->second.sign) {
    return unsigned_mail(
        "", fmt::format("{0} was in the store before and does not sign for its subdomains, unlike in {1}; "
                        "dkimkey generate --domain {0} --subdomains changes that with its next key",
                        domain.str(), wanted.signer));
  }
  return signed_otherwise(
      "", fmt::format("{0} was in the store before and signs for its subdomains, unlike in {1}; dkimkey "
                      "generate --domain {0} --nosubdomains changes that with its next key",
                      domain.str(), wanted.signer));
}

void add_key(crypto::DomainChange& transaction, const KeyName& name, const FoundKey& key,
             crypto::KeyState state, crypto::UtcTime now) {
  crypto::KeyEntry entry{.selector = name.selector,
                         .algorithm = key.key->algorithm(),
                         .bits = key.key->bits(),
                         .state = state,
                         // The file's time is the earliest that is known. It may be in the future.
                         .created = std::min(key.modified.value_or(now), now)};
  if (state == crypto::KeyState::active) entry.activated = now;
  transaction.add_key(std::move(entry), *key.key);
}

StoreResult store_domain(crypto::StoreOfRecord& store, const WantedKeys& wanted,
                         const canon::DomainName& domain, const DomainKeys& keys, crypto::UtcTime now) {
  const auto transaction = store.change(domain);
  auto& manifest = transaction->manifest();
  StoreResult result;
  if (auto remark = check_subdomains(wanted, domain, manifest)) result.remarks.push_back(*std::move(remark));
  const auto subdomains = wanted.subdomains.find(domain);
  if (manifest.keys.empty() && subdomains != wanted.subdomains.end())
    manifest.subdomains = subdomains->second.sign;
  const auto record = wanted.records.find(domain);
  if (manifest.keys.empty() && record != wanted.records.end()) manifest.record = record->second;
  for (const auto& [name, key] : keys) {
    result.keys.push_back(judge(store, manifest, *name, *key, wanted.state));
    if (result.keys.back().outcome == Outcome::added) add_key(*transaction, *name, *key, wanted.state, now);
  }
  const bool changed = std::any_of(result.keys.begin(), result.keys.end(),
                                   [](const auto& key) { return key.outcome == Outcome::added; });
  if (changed) transaction->commit();
  return result;
}

bool is_there(const crypto::StoreOfRecord& store) {
  std::error_code error;
  return std::filesystem::exists(store.files().directory(), error);
}

StoreResult try_domain(crypto::StoreOfRecord& store, const WantedKeys& wanted,
                       const canon::DomainName& domain, const DomainKeys& keys) {
  const auto read = is_there(store) ? store.read_manifest(domain) : std::nullopt;
  const auto manifest = read.value_or(crypto::Manifest{});
  StoreResult result;
  if (auto remark = check_subdomains(wanted, domain, manifest)) result.remarks.push_back(*std::move(remark));
  for (const auto& [name, key] : keys)
    result.keys.push_back(judge(store, manifest, *name, *key, wanted.state));
  return result;
}

// Calls work(domain, keys) for each domain and collects the results. If it throws, the domain's keys are
// refused, and a remark on its subdomains is lost: the next run, which the keys need anyway, repeats it.
template <typename Work>
StoreResult for_each_domain(const WantedKeys& wanted, Work work) {
  StoreResult all;
  for (const auto& [domain, keys] : by_domain(wanted)) {
    try {
      const StoreResult result = work(domain, keys);
      all.keys.insert(all.keys.end(), result.keys.begin(), result.keys.end());
      all.remarks.insert(all.remarks.end(), result.remarks.begin(), result.remarks.end());
    } catch (const crypto::Error& error) {
      for (const auto& [name, key] : keys)
        all.keys.push_back({*name, Outcome::refused, error.what()});
    }
  }
  return all;
}

}  // namespace

StoreResult try_keys(crypto::StoreOfRecord& store, const WantedKeys& wanted) {
  return for_each_domain(wanted, [&](const canon::DomainName& domain, const DomainKeys& keys) {
    return try_domain(store, wanted, domain, keys);
  });
}

StoreResult store_keys(crypto::StoreOfRecord& store, const WantedKeys& wanted, crypto::UtcTime now) {
  return for_each_domain(wanted, [&](const canon::DomainName& domain, const DomainKeys& keys) {
    return store_domain(store, wanted, domain, keys, now);
  });
}

}  // namespace dkim::keytool::opendkim
