// Revokes a key at once: changes its state, destroys its private key and, if it was the last of its algorithm
// to sign for its domain, for a rule or for also_sign, activates a successor, all in one write.
// keytool/rotation/turn publishes that afterwards.
#pragma once

#include <optional>
#include <string>

#include "crypto/settings/signing_settings.hpp"
#include "crypto/store/store_of_record.hpp"
#include "keytool/rotation/turn.hpp"

namespace dkim::keytool {

// What happens if mail needs the key, and no successor can sign because no slot is free.
enum class IfNoSlotIsFree { refuse, leave_unsigned };

struct Revocation {
  // The pending key that was to replace the revoked one, or else a new one, named as the policy says; nothing
  // if none is needed.
  std::optional<canon::Selector> successor;
  // Why mail is unsigned from now on: what each slot waits for. Empty if it is signed.
  std::string unsigned_because;
};

// Throws crypto::StoreError if there is no such key, if it is revoked already, or if no slot is free for a
// successor that is needed; then it says what can be done.
Revocation revoke_key(crypto::StoreOfRecord& store, const canon::DomainName& domain,
                      const canon::Selector& selector, const crypto::SigningSettings& settings,
                      const RotationPolicy& policy, crypto::UtcTime now,
                      IfNoSlotIsFree if_no_slot_is_free = IfNoSlotIsFree::refuse);

}  // namespace dkim::keytool
