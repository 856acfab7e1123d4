// Finds out how signed fields were changed: tries to restore them until the signature holds (see
// keytool/messages/damage/damage_hints). Any bytes are a header: nothing here fails.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/signatures/verifier.hpp"

namespace dkim::keytool {

// An RSA signature reveals the hash that was signed, so a try costs only hashing; with Ed25519 each try is a
// public-key operation. Both are bounded, and so are the bytes hashed.
constexpr std::size_t most_header_tries = 4000;
constexpr std::size_t most_key_operations = 200;

// Returns the change in words, proven by a signature that holds, or nothing if it is none of the usual ones.
// The verdict must have a signature and a key.
std::optional<std::string> header_damage(const crypto::Verdict& verdict,
                                         const std::vector<canon::HeaderField>& message);

// Names in h= without a field in the message: each list in the order of h=, and made printable. A name that
// is oversigned (once more than its fields) is in none of them.
struct MissingFields {
  // Named more than once, and not there: the field was there when the message was signed.
  std::string gone;
  // There, but fewer than h= asks for.
  std::string fewer;
  // Named once, and not there: removed, or signed as absent.
  std::string perhaps_never_there;
};

// own is the index of the signature among the message's fields.
MissingFields missing_fields(const crypto::SignatureField& signature,
                             const std::vector<canon::HeaderField>& message, std::size_t own);

}  // namespace dkim::keytool
