// A reference for canon's header functions: the steps of RFC 6376 §3.4.1 and §3.4.2, and the fields that a
// verifier takes for a signature's h=.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "canon/canonicalization.hpp"
#include "canon/header_field.hpp"

namespace dkim::test {

// Returns the canonical field, including its final CRLF.
std::string reference_field(canon::Canonicalization algorithm, const canon::HeaderField& field);

// Returns indices into the message's fields: the k-th time that a name occurs in h=, it means the k-th such
// field from the bottom, or nothing if there is none left (RFC 6376 §5.4.2).
std::vector<std::size_t> fields_for_verifier(const std::vector<canon::HeaderField>& message,
                                             const std::vector<std::string>& names);

// Returns the name in lower case, without white space before the colon.
std::string reference_name(const canon::HeaderField& field);

}  // namespace dkim::test
