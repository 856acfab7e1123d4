// Keeps parsed keys by domain: parsing a PEM costs almost as much as signing with it.
//
// Each look-up checks the manifest's stamp, which takes a microsecond against the millisecond of a signature,
// and so notices a changed manifest without a signal. The cache is bounded: the least recently used domain
// goes. Thread-safe. An error in a manifest is kept until the manifest changes; an error of a key file is not
// kept, so that a chmod works at once.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "crypto/store/domain_keys.hpp"
#include "crypto/store/key_store.hpp"
#include "milter/lease_cache.hpp"
#include "milter/metrics/metrics.hpp"

namespace dkim::milter {

class KeyCache final : public crypto::KeySource {
 public:
  // In domains. A domain with one RSA key takes about 10 kB.
  static constexpr std::size_t default_capacity = 8192;

  // Counts look-ups in metrics, which outlive this.
  KeyCache(crypto::KeyStore store, Metrics& metrics, std::size_t capacity = default_capacity)
      : store_(std::move(store)), metrics_(metrics), capacity_(capacity), lease_(store_) {}

  // Returns null if the domain is not in the key store. Throws crypto::Error if its manifest or one of its
  // keys cannot be used: crypto::LeaseError if the store is a copy whose lease is over.
  std::shared_ptr<const crypto::DomainKeys> find(const canon::DomainName& domain) override;

  std::size_t size() const;
  std::size_t capacity() const { return capacity_; }
  // Returns the end of the lease if the store is a copy that belongs to a fleet; the beginning of Unix time
  // if it has none that can be read.
  std::optional<crypto::UtcTime> lease_end() const { return lease_.end(); }
  // Returns the most recently used domains, the latest first, at most so many.
  std::vector<std::string> recent(std::size_t most) const;

 private:
  struct Entry {
    std::string domain;
    crypto::FileStamp stamp;
    bool settled = false;
    std::shared_ptr<const crypto::DomainKeys> keys;
    std::string damage;  // what is wrong with the manifest, if keys is null
  };

  std::shared_ptr<const crypto::DomainKeys> keys_of(const canon::DomainName& domain);
  // Returns null if the cache does not have it. Throws crypto::SettingsError if the manifest is known to be
  // damaged.
  std::shared_ptr<const crypto::DomainKeys> cached(const std::string& domain, const crypto::FileStamp& stamp);
  std::optional<crypto::StampedManifest> read_manifest(const canon::DomainName& domain,
                                                       const crypto::FileStamp& stamp);
  void keep(Entry entry);
  void forget(const std::string& domain);

  crypto::KeyStore store_;
  Metrics& metrics_;
  std::size_t capacity_;
  LeaseCache lease_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // most recently used first
  std::unordered_map<std::string, std::list<Entry>::iterator> index_;
};

}  // namespace dkim::milter
