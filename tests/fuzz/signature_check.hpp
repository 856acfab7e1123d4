// A verifier of Ed25519 signatures for fuzz targets, apart from the code that signs: it canonicalizes with
// the tests' slow references and asks OpenSSL alone.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "canon/header_field.hpp"

namespace dkim::test {

// Does the signature field hold for this message (RFC 6376 §6.1, RFC 8463 §3)? The fields are those below
// the signature, top down, as on the wire.
bool verifies(const canon::HeaderField& signature, const std::vector<canon::HeaderField>& fields,
              std::string_view body, const std::vector<unsigned char>& public_key);

}  // namespace dkim::test
