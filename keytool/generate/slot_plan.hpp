// Gives a domain the slots that dkimkey generate is asked for, or takes them away.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "canon/domain_name.hpp"
#include "crypto/settings/key_settings.hpp"
#include "crypto/store/manifest.hpp"
#include "keytool/generate/generate_options.hpp"

namespace dkim::keytool {

// Changes the slots in the manifest. Returns the keys to make instead of the requested ones: one in a free
// slot for each algorithm that gets slots. Throws UsageError if slots that the domain has are left out or if
// a target is too long for DNS, StoreError if a selector is taken by an ordinary key or if no slot is free.
std::vector<KeyRequest> apply_slots(const GenerateRequest& request, const canon::DomainName& domain,
                                    const crypto::KeySettings& settings, crypto::Manifest& manifest);

}  // namespace dkim::keytool
