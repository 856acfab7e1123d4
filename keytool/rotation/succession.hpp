// Which keys a pending key replaces, and which newer key has overtaken it. Looks at the manifest alone;
// nothing fails.
#pragma once

#include <vector>

#include "canon/selector.hpp"
#include "crypto/store/manifest.hpp"

namespace dkim::keytool {

using Selectors = std::vector<canon::Selector>;

// Returns the active keys that retire when a pending key becomes active: those that it was made to replace,
// or all of its algorithm if it was made by hand.
Selectors retired_by(const crypto::Manifest& manifest, const crypto::KeyEntry& pending);

// Returns the newer key that has overtaken a pending one, or nullptr if the pending key goes on. Of several
// pending keys for the same place only the newest goes on, and none if a newer key signs there already. The
// key must be one of the manifest's.
const crypto::KeyEntry* overtaken_by(const crypto::Manifest& manifest, const crypto::KeyEntry& pending);

// Whether a pending key is to replace this active one.
bool is_replaced(const crypto::Manifest& manifest, const crypto::KeyEntry& active);

// Whether a key that this one replaced is retiring.
bool has_retiring_predecessor(const crypto::Manifest& manifest, const crypto::KeyEntry& active);

// Whether the two lists have a selector in common.
bool overlap(const Selectors& some, const Selectors& others);

}  // namespace dkim::keytool
