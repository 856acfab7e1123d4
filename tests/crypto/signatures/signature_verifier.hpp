// Verifies a DKIM-Signature as a receiver would (RFC 6376 §6.1), with OpenSSL directly, for the signer's
// tests. Selection of header fields, removal of b= and the signature check are its own; the canonicalization,
// whose own tests are in tests/canon, is the product's.
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
