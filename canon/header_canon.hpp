// Canonicalization of one header field, RFC 6376 §3.4.1 (simple) and §3.4.2 (relaxed).
//
// Called by crypto/signatures/signer for each selected field and for the signature field itself. Total.
#pragma once

#include <string>

#include "canon/canonicalization.hpp"
#include "canon/header_field.hpp"

namespace dkim::canon {

// The octets to be hashed for this field, its final CRLF included.
std::string canonical_field(Canonicalization algorithm, const HeaderField& field);

}  // namespace dkim::canon
