#include "crypto/store/domain_keys.hpp"

#include "crypto/store/lease.hpp"

namespace dkim::crypto {

DomainKeys load_domain_keys(const KeyStore& store, const canon::DomainName& domain, Manifest manifest) {
  DomainKeys keys;
  for (const auto& entry : manifest.keys) {
    if (entry.state != KeyState::active) continue;
    keys.active.push_back(
        {entry.selector, std::make_shared<const PrivateKey>(store.load_key(domain, entry))});
  }
  keys.manifest = std::move(manifest);
  return keys;
}

std::shared_ptr<const DomainKeys> UncachedKeySource::find(const canon::DomainName& domain) {
  auto read = store_.read_manifest(domain);
  if (!read) return nullptr;
  auto keys = std::make_shared<const DomainKeys>(load_domain_keys(store_, domain, std::move(read->manifest)));
  if (!keys->active.empty()) require_lease(store_, find_lease(store_), utc_now());
  return keys;
}

}  // namespace dkim::crypto
