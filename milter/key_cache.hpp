// Parsed keys by domain, kept: parsing a PEM costs almost as much as signing with it.
//
// A changed manifest is seen by itself: each look-up asks for the manifest's stamp, a microsecond against
// the millisecond of a signature. Bounded: the domain that was not needed for longest goes. Thread-safe.
// What is wrong with a manifest is kept until it changes; what is wrong with a key file is not, so that a
// chmod works at once.
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
#include "milter/metrics/metrics.hpp"

namespace dkim::milter {

class KeyCache final : public crypto::KeySource {
 public:
  // About 10 kB a domain with one RSA key.
  static constexpr std::size_t default_capacity = 8192;

  // Look-ups are counted in metrics, which outlive this.
  KeyCache(crypto::KeyStore store, Metrics& metrics, std::size_t capacity = default_capacity)
      : store_(std::move(store)), metrics_(metrics), capacity_(capacity) {}

  std::shared_ptr<const crypto::DomainKeys> find(const canon::DomainName& domain) override;

  std::size_t size() const;
  std::size_t capacity() const { return capacity_; }
  // The domains that were needed last, the last one first, at most so many.
  std::vector<std::string> recent(std::size_t most) const;

 private:
  struct Entry {
    std::string domain;
    crypto::FileStamp stamp;
    bool settled = false;
    std::shared_ptr<const crypto::DomainKeys> keys;
    std::string damage;  // of the manifest, where there are no keys for it
  };

  // Null if it is not known. Throws crypto::SettingsError if the manifest is known to be damaged.
  std::shared_ptr<const crypto::DomainKeys> cached(const std::string& domain, const crypto::FileStamp& stamp);
  std::optional<crypto::StampedManifest> read_manifest(const canon::DomainName& domain,
                                                       const crypto::FileStamp& stamp);
  void keep(Entry entry);
  void forget(const std::string& domain);

  crypto::KeyStore store_;
  Metrics& metrics_;
  std::size_t capacity_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // most recently used first
  std::unordered_map<std::string, std::list<Entry>::iterator> index_;
};

}  // namespace dkim::milter
