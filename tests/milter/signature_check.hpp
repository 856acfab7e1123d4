// A verifier of signatures, apart from the code that makes them: it canonicalizes with the tests' slow
// references and asks OpenSSL alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "canon/header_field.hpp"
#include "tests/milter/milter_store.hpp"

namespace dkim::test {

// Why the signature does not hold for this message (RFC 6376 §6.1, RFC 8463 §3); empty if it does. The
// fields are those below the signature, top down, as on the wire.
std::string signature_fault(const canon::HeaderField& signature,
                            const std::vector<canon::HeaderField>& fields, std::string_view body,
                            const PublicKeys& public_keys);

// A tag's value without white space; empty if there is none.
std::string signature_tag(const canon::HeaderField& signature, std::string_view name);

}  // namespace dkim::test
