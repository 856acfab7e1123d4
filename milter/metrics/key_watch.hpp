// What metrics say of the keys in the store: which domains, and the manifest of each.
//
// Asked by the thread that writes the metrics, at every turn, and bounded: of a store with more domains than
// are to be shown only those are looked at that the daemon used last. A manifest is read when it has changed.
// Not thread-safe. Never throws for what is wrong with the store: it reports it.
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
    std::shared_ptr<const crypto::Manifest> manifest;  // null where it cannot be read
  };
  bool readable = true;
  bool cut = false;  // there are more domains than are listed
  std::vector<Domain> domains;
};

class KeyWatch {
 public:
  // Of at most so many domains.
  StoreReport look(const crypto::KeyStore& store, const KeyCache& used, std::size_t most_domains);

 private:
  struct Known {
    crypto::FileStamp stamp;
    bool settled = false;
    std::shared_ptr<const crypto::Manifest> manifest;
  };
  using KnownDomains = std::map<canon::DomainName, Known>;

  std::vector<canon::DomainName> recently_used(const KeyCache& used, std::size_t most) const;
  // Nothing if the domain has no store.
  std::optional<Known> known_now(const crypto::KeyStore& store, const canon::DomainName& domain) const;

  KnownDomains known_;
};

}  // namespace dkim::milter
