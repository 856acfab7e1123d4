// Computes the two hashes of a signature as a receiver does (RFC 6376 §3.7).
//
// The functions throw OpenSslError, and nothing on input.
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
  // The length of the whole canonical body, in bytes.
  std::uint64_t length = 0;
};

// Hashes the first limit bytes of the canonical body, or all of it.
BodyDigest body_digest(canon::Canonicalization algorithm, std::string_view body,
                       std::optional<std::uint64_t> limit);

// Returns the indices of the fields that the names of h= mean, in the order of h=. Repeats of a name take its
// fields from the bottom up; a name without a field left means nothing. own: the index of the signature's own
// field, which is never among them (§3.5, h=).
std::vector<std::size_t> signed_fields(const std::vector<canon::HeaderField>& message,
                                       const std::vector<std::string>& names, std::size_t own);

// Hashes the fields that h= names, then the signature's own field without the value of b=.
Digest header_digest(canon::Canonicalization algorithm, const std::vector<canon::HeaderField>& message,
                     const std::vector<std::string>& names, std::size_t own);

}  // namespace dkim::crypto
