// The two hashes that a signature speaks of, as a receiver computes them (RFC 6376 §3.7).
//
// Called by crypto/signatures/verifier, and by keytool's damage hints to try what a message may have been.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "canon/canonicalization.hpp"
#include "canon/header_field.hpp"
#include "crypto/digest.hpp"

namespace dkim::crypto {

struct BodyDigest {
  Digest digest{};
  // Of the whole canonical body.
  std::uint64_t octets = 0;
};

// Of the first limit octets of the canonical body, or of all of it.
BodyDigest body_digest(canon::Canonicalization algorithm, std::string_view body,
                       std::optional<std::uint64_t> limit);

// Which fields the names of h= stand for: indices, in the order of h=. Repeats of a name take its fields from
// the bottom up; a name of which none is left stands for nothing. The signature's own field (its index) is
// none of them (§3.5, h=).
std::vector<std::size_t> signed_fields(const std::vector<canon::HeaderField>& message,
                                       const std::vector<std::string>& names, std::size_t own);

// Of the fields that h= names and of the signature's own field without its b=.
Digest header_digest(canon::Canonicalization algorithm, const std::vector<canon::HeaderField>& message,
                     const std::vector<std::string>& names, std::size_t own);

}  // namespace dkim::crypto
