// What the tests of canon's header side measure it against: relaxed as RFC 6376 §3.4.2 lists its steps, and
// the fields that a verifier takes for a signature's h=.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "canon/canonicalization.hpp"
#include "canon/header_field.hpp"

namespace dkim::test {

// The canonical field, its final CRLF included.
std::string reference_field(canon::Canonicalization algorithm, const canon::HeaderField& field);

// RFC 6376 §5.4.2: the k-th time that a name comes up in h= it takes the k-th such field from the bottom, or
// nothing if there are no more. Indices into the message's fields.
std::vector<std::size_t> fields_for_verifier(const std::vector<canon::HeaderField>& message,
                                             const std::vector<std::string>& names);

// The name without the white space that may stand between it and the colon, in lower case.
std::string reference_name(const canon::HeaderField& field);

}  // namespace dkim::test
