// Checks DKIM signatures as a receiver does (RFC 6376 §6.1, RFC 8463 §3), independently of the code that
// makes and verifies them: it selects the fields itself, canonicalizes with the slow references of
// tests/support and asks OpenSSL directly. All C++ tests and fuzz targets use this checker.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "canon/header_field.hpp"

namespace dkim::test {

// Public keys by domain and selector, in the form that p= carries.
using PublicKeys = std::map<std::pair<std::string, std::string>, std::vector<unsigned char>>;

// Returns why the signature does not hold for this message; empty if it holds. The fields are those below the
// signature, from the top down, as on the wire.
std::string signature_fault(const canon::HeaderField& signature,
                            const std::vector<canon::HeaderField>& fields, std::string_view body,
                            const PublicKeys& public_keys);

// Returns the value of a tag without white space; empty if there is no such tag, or no list of tags.
std::string signature_tag(const canon::HeaderField& signature, std::string_view name);

// Returns the canonical text that the signature signs: the fields that h= names, then the signature itself
// without the value of b= (RFC 6376 §3.7). The signature must be a list of tags, with a c= that is known.
std::string signed_text(const canon::HeaderField& signature, const std::vector<canon::HeaderField>& fields);

// Returns the SHA-256 of the canonical body, as bh= carries it once decoded. The conditions are as for
// signed_text.
std::vector<unsigned char> signed_body_hash(const canon::HeaderField& signature, std::string_view body);

}  // namespace dkim::test
