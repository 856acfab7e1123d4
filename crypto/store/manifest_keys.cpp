// Finds keys in a manifest; crypto/store/manifest.cpp reads and writes its text.
#include <algorithm>

#include "crypto/store/manifest.hpp"

namespace dkim::crypto {
namespace {

// Whether the key or one that it succeeds is wanted. The entry of a slot's older key may be gone.
template <typename Wanted>
bool is_in_line(const Manifest& manifest, const KeyEntry& key, Wanted is_wanted) {
  // Looks at each entry once, because the file may say that two keys replace each other.
  std::vector<const KeyEntry*> line{&key};
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (is_wanted(line[i]->id())) return true;
    for (const auto& older : line[i]->replaces) {
      if (is_wanted(older)) return true;
      const auto* entry = manifest.find(older.selector);
      if (entry != nullptr && entry->use == older.use &&
          std::find(line.begin(), line.end(), entry) == line.end())
        line.push_back(entry);
    }
  }
  return false;
}

}  // namespace

const KeyEntry* Manifest::find(const canon::Selector& selector) const {
  const auto key =
      std::find_if(keys.begin(), keys.end(), [&](const KeyEntry& k) { return k.selector == selector; });
  return key == keys.end() ? nullptr : &*key;
}

const Slot* Manifest::find_slot(const canon::Selector& selector) const {
  const auto slot =
      std::find_if(slots.begin(), slots.end(), [&](const Slot& s) { return s.selector == selector; });
  return slot == slots.end() ? nullptr : &*slot;
}

bool Manifest::stands_for(const KeyEntry& key, const canon::Selector& selector) const {
  return is_in_line(*this, key, [&](const KeyId& older) { return older.selector == selector; });
}

bool Manifest::succeeds(const KeyEntry& key, const KeyId& older) const {
  return is_in_line(*this, key, [&](const KeyId& id) { return id == older; });
}

}  // namespace dkim::crypto
