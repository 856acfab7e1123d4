// Revokes a key at once: changes its state, destroys its private key and, if it was the last of its algorithm
// to sign for its domain, for a rule or for also_sign, activates a successor, all in one write.
// keytool/rotation/turn publishes that afterwards.
#pragma once

#include <optional>

#include "crypto/settings/signing_settings.hpp"
#include "crypto/store/key_store.hpp"
#include "keytool/rotation/turn.hpp"

namespace dkim::keytool {

// Returns the successor, if there is one: the pending key that was to replace the revoked one, or else a new
// one, named as the policy says. Throws crypto::StoreError if there is no such
// key, or if it is revoked already.
std::optional<canon::Selector> revoke_key(const crypto::KeyStore& store, const canon::DomainName& domain,
                                          const canon::Selector& selector,
                                          const crypto::SigningSettings& settings,
                                          const RotationPolicy& policy, crypto::UtcTime now);

}  // namespace dkim::keytool
