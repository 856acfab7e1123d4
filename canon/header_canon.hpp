// Canonicalization of one header field, RFC 6376 §3.4.1 (simple) and §3.4.2 (relaxed).
//
// Never fails: any bytes are a header field.
#pragma once

#include <string>

#include "canon/canonicalization.hpp"
#include "canon/header_field.hpp"

namespace dkim::canon {

// Returns the bytes to be hashed for this field, including its final CRLF.
std::string canonical_field(Canonicalization algorithm, const HeaderField& field);

}  // namespace dkim::canon
