// Takes a domain's whole state from this machine's files, and makes of it what the fleet's database keeps:
// the manifest and the sealed keys.
//
// Failures are StoreError, SettingsError and KeyFileError for the files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "canon/domain_name.hpp"
#include "crypto/keys/sealing_keys.hpp"
#include "crypto/store/domain_copy.hpp"
#include "crypto/store/key_store.hpp"
#include "keytool/fleet/fleet_database.hpp"

namespace dkim::keytool::fleet {

// Returns nothing if the domain has no keys here.
std::optional<crypto::DomainState> read_local_state(const crypto::KeyStore& store,
                                                    const canon::DomainName& domain);

struct SealedDomain {
  canon::DomainName domain;
  std::string manifest;
  std::vector<KeyRow> keys;
};

SealedDomain seal_domain(const canon::DomainName& domain, const crypto::DomainState& state,
                         const crypto::SealingKey& with);

}  // namespace dkim::keytool::fleet
