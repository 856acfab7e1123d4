// Which machines of a fleet hold a slot: those that may still sign with its last key. Pure; nothing fails.
#pragma once

#include <string>
#include <vector>

#include "canon/selector.hpp"
#include "crypto/store/manifest.hpp"
#include "crypto/store/signer_view.hpp"

namespace dkim::keytool {

// Whether no machine signs with a key that was active once. That remains so: what a machine has applied, it
// does not undo.
bool has_stopped(const crypto::KeyEntry& key, const crypto::SignerView& signers);

// Returns what a new key that needs a free slot waits for besides the slots' own times, to be put behind
// them: "; longer while a machine may sign with the last key of s2: ...". Empty if no machine holds a slot.
std::string slot_holders_text(const crypto::Manifest& manifest, const std::vector<canon::Selector>& slots,
                              const crypto::SignerView& signers);

}  // namespace dkim::keytool
