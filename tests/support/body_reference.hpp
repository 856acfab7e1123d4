// A reference for canon/body_canon, slow and simple: it takes the steps of RFC 6376 §3.4.3 and §3.4.4 on the
// whole body. Other functions feed a body to the real canonicalizer.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "canon/body_canon.hpp"

namespace dkim::test {

std::string reference_body(canon::Canonicalization algorithm, std::string_view body);

// Returns what the real canonicalizer makes of the body, cut at these ascending offsets, on each instruction
// set that this processor has; throws std::logic_error if they differ. Each chunk is an allocation of exactly
// its size, so that AddressSanitizer detects a read past its end.
std::string canonical_body(canon::Canonicalization algorithm, std::string_view body,
                           const std::vector<std::size_t>& cuts = {});

std::string canonical_body_octet_by_octet(canon::Canonicalization algorithm, std::string_view body);

// Returns random bytes from an alphabet rich in characters that matter to canonicalization. Most line ends
// are CRLF, some are LF, CR or CR CR LF. Equal seeds give equal bodies.
std::string random_body(std::mt19937& random, std::size_t size);

// Returns ascending random offsets into a body of this size.
std::vector<std::size_t> random_cuts(std::mt19937& random, std::size_t size, std::size_t count);

// Makes a body readable in a failure's message: \r, \n, \t, and \xHH for what is not printable ASCII.
std::string printable(std::string_view text);

}  // namespace dkim::test
