// A key is void from this instant: its state, its private key and, where it was the last of its algorithm to
// sign for its domain or for a rule, a successor in its place, in one write. Getting that into DNS is the
// turn's work afterwards.
#pragma once

#include <optional>
#include <vector>

#include "crypto/settings/signing_settings.hpp"
#include "crypto/store/key_store.hpp"
#include "keytool/rotation/turn.hpp"

namespace dkim::keytool {

// Gives back the successor where there is one: the pending key that was to replace it if there is
// one, else a new one. Throws crypto::StoreError: no such key, or revoked already.
std::optional<canon::Selector> revoke_key(const crypto::KeyStore& store, const canon::DomainName& domain,
                                          const canon::Selector& selector,
                                          const std::vector<crypto::SenderRule>& rules, crypto::UtcTime now);

}  // namespace dkim::keytool
