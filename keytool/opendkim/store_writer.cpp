#include "keytool/opendkim/store_writer.hpp"

#include <algorithm>

#include "crypto/error.hpp"
#include "crypto/keys/key_record.hpp"
#include "crypto/store/domain_transaction.hpp"

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

StoredKey judge(const crypto::KeyStore& store, const crypto::Manifest& manifest, const KeyName& name,
                const FoundKey& key, crypto::KeyState wanted_state) {
  const auto* entry = manifest.find(name.selector);
  if (entry == nullptr) return {name, Outcome::added, {}};
  const std::string state(to_string(entry->state));
  if (entry->state == crypto::KeyState::revoked)
    return {name, Outcome::refused, "the selector belongs to a key that was revoked"};
  try {
    if (store.load_key(name.domain, *entry).public_key() != key.key->public_key()) {
      return {name, Outcome::refused,
              "the store has another key of that name (" + state + "), and a selector is never used twice"};
    }
  } catch (const crypto::KeyFileError& error) {
    return {name, Outcome::refused, error.what()};
  }
  if (entry->state == wanted_state) return {name, Outcome::there_already, {}};
  return {name, Outcome::refused,
          "the store has it already, and there it is " + state +
              (entry->state == crypto::KeyState::pending ? "; see dkimkey activate" : "")};
}

void check_subdomains(const WantedKeys& wanted, const canon::DomainName& domain,
                      const crypto::Manifest& manifest, Remarks& remarks) {
  const auto flag = wanted.subdomains.find(domain);
  if (flag == wanted.subdomains.end() || manifest.keys.empty() || manifest.subdomains == flag->second) return;
  remarks.push_back(
      Remark{flag->second ? Remark::Kind::unsigned_mail : Remark::Kind::signed_otherwise, "",
             domain.str() + " was in the store before and signs " + (flag->second ? "not " : "") +
                 "for its subdomains, other than in OpenDKIM; dkimkey generate --domain " + domain.str() +
                 (flag->second ? " --subdomains" : " --nosubdomains") + " changes that with its next key"});
}

void add_key(crypto::DomainTransaction& transaction, const KeyName& name, const FoundKey& key,
             crypto::KeyState state, crypto::UtcTime now) {
  crypto::KeyEntry entry{.selector = name.selector,
                         .algorithm = key.key->algorithm(),
                         .bits = key.key->bits(),
                         .state = state,
                         // No earlier time is known than that of its file, which may lie about the future.
                         .created = std::min(key.modified.value_or(now), now)};
  if (state == crypto::KeyState::active) entry.activated = now;
  transaction.add_key(std::move(entry), *key.key);
}

void store_domain(const crypto::KeyStore& store, const WantedKeys& wanted, const canon::DomainName& domain,
                  const DomainKeys& keys, crypto::UtcTime now, StoreResult& result) {
  crypto::DomainTransaction transaction(store, domain);
  auto& manifest = transaction.manifest();
  check_subdomains(wanted, domain, manifest, result.remarks);
  const auto flag = wanted.subdomains.find(domain);
  if (manifest.keys.empty() && flag != wanted.subdomains.end()) manifest.subdomains = flag->second;
  std::vector<StoredKey> judged;
  for (const auto& [name, key] : keys) {
    judged.push_back(judge(store, manifest, *name, *key, wanted.state));
    if (judged.back().outcome == Outcome::added) add_key(transaction, *name, *key, wanted.state, now);
  }
  const bool changed = std::any_of(judged.begin(), judged.end(),
                                   [](const auto& key) { return key.outcome == Outcome::added; });
  if (changed) transaction.commit();
  result.keys.insert(result.keys.end(), judged.begin(), judged.end());
}

void refuse_all(const DomainKeys& keys, const std::string& why, StoreResult& result) {
  for (const auto& [name, key] : keys)
    result.keys.push_back({*name, Outcome::refused, why});
}

bool is_there(const crypto::KeyStore& store) {
  std::error_code error;
  return std::filesystem::exists(store.directory(), error);
}

}  // namespace

StoreResult try_keys(const crypto::KeyStore& store, const WantedKeys& wanted) {
  StoreResult result;
  const bool store_is_there = is_there(store);
  for (const auto& [domain, keys] : by_domain(wanted)) {
    try {
      const auto read = store_is_there ? store.read_manifest(domain) : std::nullopt;
      const auto manifest = read ? read->manifest : crypto::Manifest{};
      check_subdomains(wanted, domain, manifest, result.remarks);
      for (const auto& [name, key] : keys)
        result.keys.push_back(judge(store, manifest, *name, *key, wanted.state));
    } catch (const crypto::Error& error) {
      refuse_all(keys, error.what(), result);
    }
  }
  return result;
}

StoreResult store_keys(const crypto::KeyStore& store, const WantedKeys& wanted, crypto::UtcTime now) {
  StoreResult result;
  for (const auto& [domain, keys] : by_domain(wanted)) {
    try {
      store_domain(store, wanted, domain, keys, now, result);
    } catch (const crypto::Error& error) {
      refuse_all(keys, error.what(), result);
    }
  }
  return result;
}

}  // namespace dkim::keytool::opendkim
