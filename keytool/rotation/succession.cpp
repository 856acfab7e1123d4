#include "keytool/rotation/succession.hpp"

#include <algorithm>

namespace dkim::keytool {

using crypto::KeyEntry;
using crypto::KeyState;

Selectors retired_by(const crypto::Manifest& manifest, const KeyEntry& pending) {
  Selectors out;
  for (const auto& key : manifest.keys) {
    if (key.state != KeyState::active || key.algorithm != pending.algorithm) continue;
    const auto& replaces = pending.replaces;
    if (replaces.empty() || std::any_of(replaces.begin(), replaces.end(),
                                        [&](const auto& older) { return manifest.succeeds(key, older); })) {
      out.push_back(key.selector);
    }
  }
  return out;
}

const KeyEntry* overtaken_by(const crypto::Manifest& manifest, const KeyEntry& pending) {
  const auto own = retired_by(manifest, pending);
  for (auto newer = manifest.keys.rbegin(); newer->selector != pending.selector; ++newer) {
    if (newer->algorithm != pending.algorithm) continue;
    Selectors others;
    if (newer->state == KeyState::active) {
      others.push_back(newer->selector);
    } else if (newer->state == KeyState::pending) {
      others = retired_by(manifest, *newer);
      if (own.empty() && others.empty()) return &*newer;
    }
    if (overlap(own, others)) return &*newer;
  }
  return nullptr;
}

bool is_replaced(const crypto::Manifest& manifest, const KeyEntry& active) {
  return std::any_of(manifest.keys.begin(), manifest.keys.end(), [&](const KeyEntry& key) {
    return key.algorithm == active.algorithm && key.state == KeyState::pending &&
           overtaken_by(manifest, key) == nullptr && overlap(retired_by(manifest, key), {active.selector});
  });
}

bool has_retiring_predecessor(const crypto::Manifest& manifest, const KeyEntry& active) {
  return std::any_of(manifest.keys.begin(), manifest.keys.end(), [&](const KeyEntry& key) {
    return key.state == KeyState::retiring && manifest.succeeds(active, key.id());
  });
}

bool overlap(const Selectors& some, const Selectors& others) {
  return std::find_first_of(some.begin(), some.end(), others.begin(), others.end()) != some.end();
}

}  // namespace dkim::keytool
