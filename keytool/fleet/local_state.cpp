#include "keytool/fleet/local_state.hpp"

#include <algorithm>

#include "crypto/error.hpp"
#include "keytool/fleet/sealed_rows.hpp"

namespace dkim::keytool::fleet {

std::optional<crypto::DomainState> read_local_state(const crypto::KeyStore& store,
                                                    const canon::DomainName& domain) {
  auto read = store.read_manifest(domain);
  if (!read) return std::nullopt;
  crypto::DomainState state{std::move(read->manifest), {}};
  for (const auto& entry : state.manifest.keys) {
    if (entry.state != crypto::KeyState::revoked)
      state.keys.push_back({entry.id(), store.load_key(domain, entry)});
  }
  return state;
}

SealedDomain seal_domain(const canon::DomainName& domain, const crypto::DomainState& state,
                         const crypto::SealingKey& with) {
  SealedDomain sealed{domain, crypto::write_manifest(state.manifest), {}};
  for (const auto& copied : state.keys) {
    const auto entry = std::find_if(state.manifest.keys.begin(), state.manifest.keys.end(),
                                    [&](const auto& key) { return key.id() == copied.id; });
    if (entry == state.manifest.keys.end()) throw crypto::StoreError("a key is not in its domain's manifest");
    sealed.keys.push_back(seal_row(domain, *entry, copied.key, with));
  }
  return sealed;
}

}  // namespace dkim::keytool::fleet
