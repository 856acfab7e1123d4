// What was done to a body: tries to put it back until the body hash matches (see
// keytool/messages/damage/damage_hints).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/signatures/signature_field.hpp"

namespace dkim::keytool {

// In words, proven by a matching hash; nothing if no usual cause was found. Hashes at most some dozen times
// the body, and as many prefixes as it has lines, up to a few thousand, in one pass.
std::optional<std::string> body_damage(const crypto::SignatureField& signature, std::string_view body);

}  // namespace dkim::keytool
