// A received DKIM-Signature field, read (RFC 6376 §3.5) and held to what §6.1.1 demands of it.
//
// Called by crypto/signatures/verifier. Every octet of the field is hostile. Total and linear: a field that
// must not be used is a problem with its reason in words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "canon/canonicalization.hpp"
#include "canon/header_field.hpp"
#include "crypto/keys/algorithm.hpp"
#include "crypto/signatures/verify_result.hpp"

namespace dkim::crypto {

struct SignatureField {
  Algorithm algorithm = Algorithm::rsa;          // a=
  std::vector<unsigned char> signature;          // b=
  std::vector<unsigned char> body_hash;          // bh=
  canon::CanonicalizationPair canonicalization;  // c=
  std::string domain;                            // d=, in A-label form
  std::string selector;                          // s=, in A-label form
  std::vector<std::string> names;                // h=, as they stand
  std::optional<std::string> identity;           // i=, as it stands
  bool identity_below_domain = false;            // i= is of a subdomain of d=
  std::optional<std::uint64_t> body_limit;       // l=
  std::optional<std::uint64_t> time;             // t=; more than 12 digits count as far away
  std::optional<std::uint64_t> expiration;       // x=

  // Where its key is in DNS, without a final dot.
  std::string record_name() const { return selector + "._domainkey." + domain; }
};

// The field's value. Unknown tags are ignored. Whether x= is over is not looked at: there is no clock here.
std::variant<SignatureField, VerifyProblem> parse_signature_field(std::string_view value);

// What the signature covers of its own field: the value of b= and the white space around it gone, all else as
// it stands (§3.7). A field that is no tag list comes back as it is.
canon::HeaderField without_signature(const canon::HeaderField& field);

}  // namespace dkim::crypto
