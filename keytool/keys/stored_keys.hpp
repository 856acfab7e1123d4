// Reads the keys of a domain that must be in the key store, and says in one place that they are not.
#pragma once

#include <string>

#include "canon/domain_name.hpp"
#include "canon/selector.hpp"
#include "crypto/store/key_store.hpp"
#include "crypto/store/manifest.hpp"
#include "crypto/store/store_of_record.hpp"

namespace dkim::keytool {

// "there are no keys for example.com in /etc/dkimsignd/keys"
std::string no_keys_text(const std::string& place, const canon::DomainName& domain);

// "there is no key server in example.com"
std::string no_key_text(const canon::DomainName& domain, const canon::Selector& selector);

// Returns the domain's manifest. Throws StoreError with no_keys_text() if there is none, and what
// the store's read_manifest() throws.
crypto::Manifest require_manifest(const crypto::KeyStore& store, const canon::DomainName& domain);
crypto::Manifest require_manifest(crypto::StoreOfRecord& store, const canon::DomainName& domain);

// Returns the key from the domain's manifest. Throws StoreError with no_key_text() if it is not there.
const crypto::KeyEntry& require_key(const crypto::Manifest& manifest, const canon::DomainName& domain,
                                    const canon::Selector& selector);

}  // namespace dkim::keytool
