#include "keytool/revocation.hpp"

#include <algorithm>

#include "crypto/domain_transaction.hpp"
#include "crypto/error.hpp"
#include "crypto/key_record.hpp"

namespace dkim::keytool {
namespace {

using crypto::record_name;
using crypto::write_record;
using crypto::zone_text;

using crypto::KeyEntry;
using crypto::KeyState;

bool is_last_active(const crypto::Manifest& manifest, const KeyEntry& key) {
  return key.state == KeyState::active &&
         std::none_of(manifest.keys.begin(), manifest.keys.end(), [&](const KeyEntry& other) {
           return other.algorithm == key.algorithm && other.state == KeyState::active &&
                  other.selector != key.selector;
         });
}

const KeyEntry* newest_pending(const crypto::Manifest& manifest, crypto::Algorithm algorithm) {
  const KeyEntry* newest = nullptr;
  for (const auto& key : manifest.keys) {
    if (key.algorithm == algorithm && key.state == KeyState::pending) newest = &key;
  }
  return newest;
}

canon::Selector add_successor(crypto::DomainTransaction& transaction, const canon::DomainName& domain,
                              const KeyEntry& old, crypto::UtcTime now) {
  const auto selector = next_selector(transaction.manifest(), old.selector, now);
  const auto key = old.algorithm == crypto::Algorithm::rsa ? crypto::PrivateKey::generate_rsa(old.bits)
                                                           : crypto::PrivateKey::generate_ed25519();
  transaction.add_key({.selector = selector, .algorithm = old.algorithm, .bits = key.bits(), .created = now},
                      key);
  transaction.set_record_text(selector,
                              zone_text({record_name(selector, domain), crypto::default_ttl,
                                         write_record(make_record(key, transaction.manifest().record))}));
  return selector;
}

}  // namespace

std::optional<canon::Selector> revoke_key(const crypto::KeyStore& store, const canon::DomainName& domain,
                                          const canon::Selector& selector, crypto::UtcTime now) {
  if (!store.stamp(domain)) throw crypto::StoreError("there are no keys for " + domain.str());
  crypto::DomainTransaction transaction(store, domain);
  const auto* found = transaction.manifest().find(selector);
  if (found == nullptr) throw crypto::StoreError("there is no key " + selector.str() + " in " + domain.str());
  if (found->state == KeyState::revoked)
    throw crypto::StoreError("the key " + selector.str() + " is revoked already");
  const KeyEntry old = *found;

  std::optional<canon::Selector> successor;
  if (is_last_active(transaction.manifest(), old)) {
    const auto* pending = newest_pending(transaction.manifest(), old.algorithm);
    successor = pending != nullptr ? pending->selector : add_successor(transaction, domain, old, now);
    apply_change(Activate{*successor, {}}, transaction.manifest(), now);
  }
  apply_change(Revoke{selector}, transaction.manifest(), now);
  transaction.set_record_text(selector,
                              zone_text({record_name(selector, domain), crypto::default_ttl,
                                         write_record({old.algorithm, {}, transaction.manifest().record})}));
  transaction.commit();
  return successor;
}

}  // namespace dkim::keytool
