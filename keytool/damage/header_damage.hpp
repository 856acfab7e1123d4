// What was done to the signed fields: tries to put them back until the signature holds (see
// keytool/damage/damage_hints).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/verifier.hpp"

namespace dkim::keytool {

// An RSA signature tells the hash it was made over, so a try costs no more than hashing; with Ed25519 each is
// a public-key operation. Both are bounded, as are the octets hashed.
constexpr std::size_t most_header_tries = 4000;
constexpr std::size_t most_key_operations = 200;

// In words, proven by a signature that holds; nothing if no usual cause was found. For a verdict with
// signature and key.
std::optional<std::string> header_damage(const crypto::Verdict& verdict,
                                         const std::vector<canon::HeaderField>& message);

// The names that h= has more often than the message has such fields, in words; empty if there are none.
std::string missing_fields(const crypto::SignatureField& signature,
                           const std::vector<canon::HeaderField>& message, std::size_t own);

}  // namespace dkim::keytool
