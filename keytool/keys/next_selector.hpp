// The names of the keys that a turn makes. Looks at the manifest alone; nothing throws.
#pragma once

#include <optional>

#include "canon/domain_name.hpp"
#include "canon/result.hpp"
#include "canon/selector.hpp"
#include "canon/selector_pattern.hpp"
#include "crypto/keys/algorithm.hpp"
#include "crypto/store/manifest.hpp"

namespace dkim::keytool {

struct SelectorNaming {
  // Nothing: the old selector with today's date. A date that it ends with is replaced, in its own form:
  // 202401, 2026.11 and s20240518 become 202611, 2026.11b and s20261124; server becomes server-20261124.
  std::optional<canon::SelectorPattern> pattern = std::nullopt;
  // How long a selector may be, in bytes, so that the name of the record fits into DNS.
  std::size_t most_bytes = 240;
};

// Returns how long a selector of the domain may be.
std::size_t longest_selector(const canon::DomainName& domain);

// Returns a selector that the manifest does not have, neither of a key nor of a slot, for the key that
// follows `old`. Shortens the stem if the name would be too long; refuses if there is no room at all.
canon::Result<canon::Selector> next_selector(const crypto::Manifest& manifest, const canon::Selector& old,
                                             crypto::Algorithm algorithm, crypto::UtcTime now,
                                             const SelectorNaming& naming);

}  // namespace dkim::keytool
