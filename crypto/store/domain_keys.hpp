// A domain's keys as the signer needs them: loaded, with what is to be said of those that do not sign.
//
// A snapshot that never changes: whoever holds one signs with a key and selector that belong together, no
// matter what happens to the store meanwhile. Shared by threads.
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
  // Those in state active, in the manifest's order.
  std::vector<SigningKey> active;
};

// Loads all active keys of a manifest. Throws KeyFileError if one of them cannot be used: a domain signs
// with all of its keys or reports a fault, never with some of them in silence.
DomainKeys load_domain_keys(const KeyStore& store, const canon::DomainName& domain, Manifest manifest);

// Where identity gets keys from: the daemon's cache, or the store itself.
class KeySource {
 public:
  KeySource() = default;
  KeySource(const KeySource&) = delete;
  KeySource& operator=(const KeySource&) = delete;
  virtual ~KeySource() = default;

  // Null if the domain has no store. Throws what the store throws.
  virtual std::shared_ptr<const DomainKeys> find(const canon::DomainName& domain) = 0;
};

// Reads the store each time: for programs that ask once.
class UncachedKeySource final : public KeySource {
 public:
  // The store must outlive this.
  explicit UncachedKeySource(const KeyStore& store) : store_(store) {}
  std::shared_ptr<const DomainKeys> find(const canon::DomainName& domain) override;

 private:
  const KeyStore& store_;
};

}  // namespace dkim::crypto
