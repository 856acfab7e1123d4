// dkimkey fleet forget: removes a domain from the fleet, with its private keys.
//
// Failures are StoreError, as those of the store; DatabaseError is one.
#pragma once

#include "canon/domain_name.hpp"
#include "crypto/store/store_of_record.hpp"

namespace dkim::keytool::fleet {

enum class KeysInUse { refuse, destroy };

// Makes the domain one that has no keys: the other machines remove it when they learn of that. It may get new
// keys later, as a domain that never had any. Returns false if the fleet has forgotten it before. Throws
// StoreError if it has keys that are not revoked, unless these are to be destroyed.
bool forget(crypto::StoreOfRecord& store, const canon::DomainName& domain, KeysInUse keys_in_use);

}  // namespace dkim::keytool::fleet
