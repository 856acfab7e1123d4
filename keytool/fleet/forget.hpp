// dkimkey fleet forget: takes a domain from every machine of the fleet, with its private keys. Its row stays
// in the database, so that no machine misses that, and none of its selectors is used again if it comes back.
//
// Failures are StoreError, as those of the store; DatabaseError is one.
#pragma once

#include "canon/domain_name.hpp"
#include "crypto/store/key_store.hpp"
#include "crypto/utc_time.hpp"
#include "keytool/fleet/fleet_settings.hpp"

namespace dkim::keytool::fleet {

enum class KeysInUse { refuse, destroy };

// files: of this machine, which is a member. Returns false if the domain was forgotten before. Throws
// StoreError if the fleet does not know it, and if it has keys that are not revoked, unless these are to be
// destroyed.
bool forget(const crypto::KeyStore& files, const FleetSettings& settings, const canon::DomainName& domain,
            KeysInUse keys_in_use, crypto::UtcTime now);

}  // namespace dkim::keytool::fleet
