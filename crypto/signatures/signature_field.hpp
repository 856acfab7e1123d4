// Reads a received DKIM-Signature field (RFC 6376 §3.5) and checks what §6.1.1 requires.
//
// Every byte of the field is hostile. A field that must not be used is a VerifyProblem with its reason in
// words; nothing here throws. Linear in the field's length.
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
  std::vector<std::string> names;                // h=, as written
  std::optional<std::string> identity;           // i=, as written
  bool identity_below_domain = false;            // the domain of i= is a subdomain of d=
  std::optional<std::uint64_t> body_limit;       // l=
  std::optional<std::uint64_t> time;             // t=; more than 12 digits count as infinite
  std::optional<std::uint64_t> expiration;       // x=

  // Returns the name of the key record, without a final dot.
  std::string record_name() const { return selector + "._domainkey." + domain; }
};

// Reads the field's value. Ignores unknown tags. Does not check whether x= has passed: there is no clock
// here.
std::variant<SignatureField, VerifyProblem> parse_signature_field(std::string_view value);

// Returns the part of its own field that the signature covers: everything except the value of b= and the
// white space around it (§3.7). Returns a field that is not a tag list unchanged.
canon::HeaderField without_signature(const canon::HeaderField& field);

}  // namespace dkim::crypto
