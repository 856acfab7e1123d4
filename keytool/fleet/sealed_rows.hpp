// Private keys between a domain's manifest and the rows in which the fleet's database has them sealed.
//
// Any thread. Failures are KeyFileError, with the reason; OpenSslError.
#pragma once

#include <map>
#include <string>

#include "canon/domain_name.hpp"
#include "crypto/keys/private_key.hpp"
#include "crypto/keys/sealing_keys.hpp"
#include "crypto/store/manifest.hpp"
#include "keytool/fleet/fleet_database.hpp"

namespace dkim::keytool::fleet {

// Returns the newest of the fleet's sealing keys out of this machine's file: every machine has that one.
// fingerprints: as StoreState has them.
const crypto::SealingKey& newest_sealing_key(const crypto::SealingKeys& keys,
                                             const std::map<int, std::string>& fingerprints);

KeyRow seal_row(const canon::DomainName& domain, const crypto::KeyEntry& entry, const crypto::PrivateKey& key,
                const crypto::SealingKey& with);

// Finds the entry's key among the rows and opens it; it must be of the kind that the manifest says.
crypto::PrivateKey open_key(const canon::DomainName& domain, const crypto::KeyEntry& entry,
                            const std::vector<KeyRow>& rows, const crypto::SealingKeys& keys,
                            const std::map<int, std::string>& fingerprints);

// Is the row that of this entry?
bool is_row_of(const KeyRow& row, const crypto::KeyEntry& entry);

}  // namespace dkim::keytool::fleet
