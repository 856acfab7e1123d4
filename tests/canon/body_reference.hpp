// What the tests of canon/body_canon measure it against: RFC 6376 §3.4.3 and §3.4.4 done step by step on
// the whole body at once, slow and plain. And the ways to feed a body to the real thing.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "canon/body_canon.hpp"

namespace dkim::test {

std::string reference_body(canon::Canonicalization algorithm, std::string_view body);

// The real thing, fed with the body cut at these offsets (ascending). Each chunk is handed over as an
// allocation of exactly its size, so that AddressSanitizer sees a look past its end.
std::string canonical_body(canon::Canonicalization algorithm, std::string_view body,
                           const std::vector<std::size_t>& cuts = {});

std::string canonical_body_octet_by_octet(canon::Canonicalization algorithm, std::string_view body);

// Octets from an alphabet in which what matters to canonicalization is common. Line ends come mostly as
// CRLF, but as LF, CR and CR CR LF too. Equal seeds give equal bodies.
std::string random_body(std::mt19937& random, std::size_t size);

// Ascending random offsets into a body of this size.
std::vector<std::size_t> random_cuts(std::mt19937& random, std::size_t size, std::size_t count);

// Readable in a failure's message: \r, \n, \t and \xHH for what is not plain ASCII.
std::string printable(std::string_view text);

}  // namespace dkim::test
