// The syntax that domains and selectors share (RFC 6376 §3.1: sub-domain *( "." sub-domain )).
//
// Never throws.
#pragma once

#include <optional>
#include <string_view>

#include "canon/result.hpp"

namespace dkim::canon {

// Checks a name of ASCII labels joined by dots: at most 253 bytes, labels of 1 to 63, letters, digits, "-"
// and
// "_" (which selectors use, and which is harmless in domains), no "-" at either end of a label. A name that
// passes has no special meaning to a file system. Returns nothing if the name passes.
std::optional<Refusal> check_labels(std::string_view name);

// Returns whether the name is below the domain in DNS, at any depth. Case matters.
bool is_below(std::string_view name, std::string_view domain);

}  // namespace dkim::canon
