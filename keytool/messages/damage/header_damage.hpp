// What was done to the signed fields: tries to put them back until the signature holds (see
// keytool/messages/damage/damage_hints).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/signatures/verifier.hpp"

namespace dkim::keytool {

// An RSA signature tells the hash it was made over, so a try costs no more than hashing; with Ed25519 each is
// a public-key operation. Both are bounded, as are the octets hashed.
constexpr std::size_t most_header_tries = 4000;
constexpr std::size_t most_key_operations = 200;

// In words, proven by a signature that holds; nothing if no usual cause was found. For a verdict with
// signature and key.
std::optional<std::string> header_damage(const crypto::Verdict& verdict,
                                         const std::vector<canon::HeaderField>& message);

// Names in h= that stand for no field of the message, each list in the order of h= and made printable. A name
// that is oversigned (once more than its fields) is in none of them.
struct MissingFields {
  // Named more than once, and not there at all: the field was there when the message was signed.
  std::string gone;
  // There, but fewer than h= asks for.
  std::string fewer;
  // Named once and not there: taken away, or signed as absent.
  std::string perhaps_never_there;
};

// own: the place of the signature among the message's fields.
MissingFields missing_fields(const crypto::SignatureField& signature,
                             const std::vector<canon::HeaderField>& message, std::size_t own);

}  // namespace dkim::keytool
