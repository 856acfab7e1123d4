#include "keytool/keys/stored_keys.hpp"

#include <fmt/format.h>

#include "crypto/error.hpp"

namespace dkim::keytool {

std::string no_keys_text(const std::string& place, const canon::DomainName& domain) {
  return fmt::format("there are no keys for {} in {}", domain.str(), place);
}

std::string no_key_text(const canon::DomainName& domain, const canon::Selector& selector) {
  return fmt::format("there is no key {} in {}", selector.str(), domain.str());
}

crypto::Manifest require_manifest(const crypto::KeyStore& store, const canon::DomainName& domain) {
  auto read = store.read_manifest(domain);
  if (!read) throw crypto::StoreError(no_keys_text(store.directory().string(), domain));
  return std::move(read->manifest);
}

crypto::Manifest require_manifest(crypto::StoreOfRecord& store, const canon::DomainName& domain) {
  auto manifest = store.read_manifest(domain);
  if (!manifest) throw crypto::StoreError(no_keys_text(store.place(), domain));
  return *std::move(manifest);
}

const crypto::KeyEntry& require_key(const crypto::Manifest& manifest, const canon::DomainName& domain,
                                    const canon::Selector& selector) {
  const auto* entry = manifest.find(selector);
  if (entry == nullptr) throw crypto::StoreError(no_key_text(domain, selector));
  return *entry;
}

}  // namespace dkim::keytool
