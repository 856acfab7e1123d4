// Finds out how a body was changed: tries to restore it until the body hash matches (see
// keytool/messages/damage/damage_hints). Any bytes are a body: nothing here fails.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/signatures/signature_field.hpp"

namespace dkim::keytool {

// Returns the change in words, proven by a matching hash, or nothing if it is none of the usual ones. Hashes
// the body a few dozen times at most, and in one more pass up to a few thousand of its prefixes.
std::optional<std::string> body_damage(const crypto::SignatureField& signature, std::string_view body);

}  // namespace dkim::keytool
