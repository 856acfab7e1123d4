// Gives a domain the slots that dkimkey generate is asked for, or closes them.
#pragma once

#include <vector>

#include "canon/domain_name.hpp"
#include "crypto/settings/key_settings.hpp"
#include "crypto/store/manifest.hpp"
#include "crypto/store/signer_view.hpp"
#include "keytool/generate/generate_options.hpp"

namespace dkim::keytool {

// Changes the slots in the manifest, and no keys. Returns the keys to make: the requested ones, or, if slots
// are requested, one in a free slot for each algorithm.
//
// Throws UsageError if slots that the domain has are left out, if a slot or its target would have no name in
// DNS or a target below the domain, if the domain has slots and an ordinary key is requested without
// --no-slots, or the other way round, and if Ed25519 slots would have no RSA key beside them. Throws
// StoreError if a selector is taken by an ordinary key, or if no slot is free; it names the machines among
// the signers that hold one.
std::vector<KeyRequest> apply_slots(const GenerateRequest& request, const canon::DomainName& domain,
                                    const crypto::KeySettings& settings, const crypto::SignerView& signers,
                                    crypto::Manifest& manifest);

}  // namespace dkim::keytool
