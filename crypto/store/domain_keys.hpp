// A domain's keys, loaded for signing, with the manifest that describes them.
//
// This is a snapshot that never changes: key and selector belong together, whatever happens to the store
// meanwhile. Threads may share it. A key that cannot be loaded is a KeyFileError.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "canon/domain_name.hpp"
#include "canon/selector.hpp"
#include "crypto/keys/private_key.hpp"
#include "crypto/store/key_store.hpp"
#include "crypto/store/manifest.hpp"

namespace dkim::crypto {

struct SigningKey {
  canon::Selector selector;
  std::shared_ptr<const PrivateKey> key;
};

struct DomainKeys {
  Manifest manifest;
  // The active keys, in the manifest's order.
  std::vector<SigningKey> active;
};

// Loads all active keys of a manifest. Throws KeyFileError if one of them cannot be used: a domain signs with
// all of its keys or reports a fault, but never silently with some of them.
DomainKeys load_domain_keys(const KeyStore& store, const canon::DomainName& domain, Manifest manifest);

// A source of keys: the daemon's cache, or the store itself.
class KeySource {
 public:
  KeySource() = default;
  KeySource(const KeySource&) = delete;
  KeySource& operator=(const KeySource&) = delete;
  virtual ~KeySource() = default;

  // Returns null if the domain has no keys. Throws what KeyStore throws.
  virtual std::shared_ptr<const DomainKeys> find(const canon::DomainName& domain) = 0;
};

// Reads the store each time; for programs that ask once. As in the daemon, active keys of a copy whose lease
// is over are a LeaseError.
class UncachedKeySource final : public KeySource {
 public:
  // The store must outlive this.
  explicit UncachedKeySource(const KeyStore& store) : store_(store) {}
  std::shared_ptr<const DomainKeys> find(const canon::DomainName& domain) override;

 private:
  const KeyStore& store_;
};

}  // namespace dkim::crypto
