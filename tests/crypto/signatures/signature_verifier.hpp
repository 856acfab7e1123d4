// Reads a message into fields and body, and checks whether a signature on it holds, by the checks of
// tests/support/signature_check, which shares no code with the signer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "canon/header_field.hpp"
#include "crypto/digest.hpp"
#include "crypto/keys/private_key.hpp"

namespace dkim::test {

struct ParsedMessage {
  std::vector<canon::HeaderField> fields;
  std::string body;
};

// Reads a message with CRLF line ends; the fields are as on the wire. Throws std::runtime_error if its header
// is broken.
ParsedMessage parse_message(std::string_view text);

// Returns the value of a tag without white space; "" if it is absent.
std::string tag(const canon::HeaderField& signature, std::string_view name);

// Returns the digest that the signature signs: that of the fields that h= names, and of the signature with an
// empty b=.
crypto::Digest signed_digest(const canon::HeaderField& signature,
                             const std::vector<canon::HeaderField>& message);

// Returns the base64 of the body's hash under the signature's c=.
std::string body_hash(const canon::HeaderField& signature, std::string_view body);

// Returns "" if the signature holds, otherwise why it does not.
std::string verify(const canon::HeaderField& signature, const ParsedMessage& message,
                   const crypto::PrivateKey& key);

}  // namespace dkim::test
