// Writes a domain's whole state, as a fleet's database has it, into the key directory of one machine: the
// copy that it signs from. The same crash-safe writer as that of a change (crypto/store/domain_transaction):
// killed anywhere, the directory reads as before or as after, and the next writer tidies up.
//
// Unlike a change it does not add to what is there but replaces it: a key file whose content differs from the
// key given, or that the manifest no longer has, is replaced or removed. Unknown files are left alone.
//
// One thread a domain. Failures are StoreError (UntrustedPath if others could write there).
#pragma once

#include <optional>
#include <vector>

#include "canon/domain_name.hpp"
#include "crypto/error.hpp"
#include "crypto/keys/private_key.hpp"
#include "crypto/store/key_store.hpp"
#include "crypto/store/manifest.hpp"

namespace dkim::crypto {

struct CopiedKey {
  KeyId id;
  PrivateKey key;
};

struct DomainState {
  Manifest manifest;
  // The private key of every entry that is not revoked.
  std::vector<CopiedKey> keys;
};

// A file is in the way that no manifest knows. It is left as it is.
class UnknownFile : public StoreError {
 public:
  using StoreError::StoreError;
};

// Makes the files equal to the state. Writes nothing, and returns false, if they are equal already. Throws
// SettingsError, too, if the manifest that is there does not parse.
bool write_copy(const KeyStore& store, const canon::DomainName& domain, const DomainState& state);

// Removes the domain's manifest, then its keys and records, and the directory if nothing else is left in it.
// Returns false if there was nothing to remove.
bool remove_copy(const KeyStore& store, const canon::DomainName& domain);

}  // namespace dkim::crypto
