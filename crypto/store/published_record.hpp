// Where a key's record is published: at SELECTOR._domainkey.DOMAIN, or at the name to which a slot's CNAME
// leads. Never fails.
#pragma once

#include <string>

#include "crypto/keys/key_record.hpp"
#include "crypto/store/manifest.hpp"

namespace dkim::crypto {

// Returns the name without a final dot.
std::string publication_name(const Manifest& manifest, const canon::Selector& selector,
                             const canon::DomainName& domain);

// Returns the record as it is published there, with the default TTL.
NamedRecord published_record(const Manifest& manifest, const canon::Selector& selector,
                             const canon::DomainName& domain, const KeyRecord& record);

}  // namespace dkim::crypto
