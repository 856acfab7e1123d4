// What the tests of signatures ask of a message: its fields, and whether a signature on it holds. The checks
// are those of tests/support/signature_check, which shares no code with the signer.
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

// A message with CRLF line ends; fields as on the wire.
ParsedMessage parse_message(std::string_view text);

// Returns the value of a tag without white space; "" if it is absent.
std::string tag(const canon::HeaderField& signature, std::string_view name);

// Returns the digest that the signature signs: that of the fields that h= names, and of the signature with an
// empty b=.
crypto::Digest signed_digest(const canon::HeaderField& signature,
                             const std::vector<canon::HeaderField>& message);

// Returns the base64 of the body's hash under the signature's c=.
std::string body_hash(const canon::HeaderField& signature, std::string_view body);

// Returns "" if the signature holds, otherwise what does not.
std::string verify(const canon::HeaderField& signature, const ParsedMessage& message,
                   const crypto::PrivateKey& key);

}  // namespace dkim::test
