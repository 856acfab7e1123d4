// The two canonicalization algorithms of RFC 6376 §3.4, and the c= tag that names a pair of them.
//
// A text that names no pair is a Refusal; nothing here throws.
#pragma once

#include <string>
#include <string_view>

#include "canon/result.hpp"

namespace dkim::canon {

enum class Canonicalization { simple, relaxed };

struct CanonicalizationPair {
  Canonicalization header = Canonicalization::simple;
  Canonicalization body = Canonicalization::simple;

  bool operator==(const CanonicalizationPair&) const = default;
};

// Returns "relaxed/simple", as in c=.
std::string to_string(CanonicalizationPair pair);

// Reads c= and the setting "canonicalization". A single word names the header's algorithm; the body's is then
// simple (RFC 6376 §3.5, c=).
Result<CanonicalizationPair> parse_canonicalization(std::string_view text);

}  // namespace dkim::canon
