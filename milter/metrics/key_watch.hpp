// Looks up what the metrics show of the key store: which domains, and the manifest of each.
//
// The work is bounded: if the store has more domains than are to be shown, it looks only at those that the
// daemon used last. A manifest is read only if it has changed. Not thread-safe. Reports what is wrong with
// the store, and throws nothing but std::bad_alloc.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "canon/domain_name.hpp"
#include "crypto/store/key_store.hpp"
#include "milter/key_cache.hpp"

namespace dkim::milter {

struct StoreReport {
  struct Domain {
    canon::DomainName name;
    std::shared_ptr<const crypto::Manifest> manifest;  // null if it cannot be read
  };
  bool readable = true;
  bool cut = false;  // there are more domains than are listed
  // The end of the lease of a fleet's copy; the beginning of Unix time if there is none that can be read.
  std::optional<crypto::UtcTime> lease_end;
  std::vector<Domain> domains;
};

class KeyWatch {
 public:
  // Reports on at most so many domains.
  StoreReport look(const crypto::KeyStore& store, const KeyCache& used, std::size_t most_domains);

 private:
  struct Known {
    crypto::FileStamp stamp;
    bool settled = false;
    std::shared_ptr<const crypto::Manifest> manifest;
  };
  using KnownDomains = std::map<canon::DomainName, Known>;

  std::vector<canon::DomainName> recently_used(const KeyCache& used, std::size_t most) const;
  // Returns nothing if the key store does not have the domain.
  std::optional<Known> known_now(const crypto::KeyStore& store, const canon::DomainName& domain) const;

  KnownDomains known_;
};

}  // namespace dkim::milter
