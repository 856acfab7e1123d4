#include "crypto/store/slot_use.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/error.hpp"

namespace dkim::crypto {
namespace {

// Adds the key unless one of its selector is there: of several keys of a slot the latest is enough, or the
// list would grow with each turn.
void add_ancestor(std::vector<KeyId>& ids, const KeyId& older) {
  const auto same =
      std::find_if(ids.begin(), ids.end(), [&](const KeyId& id) { return id.selector == older.selector; });
  if (same == ids.end()) {
    ids.push_back(older);
  } else {
    same->use = std::max(same->use, older.use);
  }
}

}  // namespace

void take_again(Manifest& manifest, KeyEntry& next) {
  const auto* found = manifest.find(next.selector);
  if (found == nullptr) return;
  const KeyEntry last = *found;
  std::erase_if(manifest.keys, [&](const KeyEntry& key) { return key.selector == last.selector; });
  for (auto& key : manifest.keys) {
    if (std::find(key.replaces.begin(), key.replaces.end(), last.id()) == key.replaces.end()) continue;
    for (const auto& older : last.replaces)
      add_ancestor(key.replaces, older);
  }
  next.use = last.use + 1;
  next.memory = last.memory;
}

void take_selector(Manifest& manifest, const canon::DomainName& domain, KeyEntry& next) {
  const auto* last = manifest.find(next.selector);
  if (last == nullptr) return;
  if (!manifest.is_slot(next.selector) || !last->forgotten) {
    throw StoreError(
        fmt::format("the selector {} was used in {} before; a selector is never used twice, since DNS and "
                    "mail on its way still know the old key",
                    next.selector.str(), domain.str()));
  }
  take_again(manifest, next);
}

}  // namespace dkim::crypto
