// The syntax that domains and selectors share (RFC 6376 §3.1: sub-domain *( "." sub-domain )).
//
// Never throws.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "canon/result.hpp"

namespace dkim::canon {

// The longest name in DNS, in presentation form, and the longest label, in bytes (RFC 1035 §2.3.4).
constexpr std::size_t longest_name = 253;
constexpr std::size_t longest_label = 63;

// Checks a name of ASCII labels joined by dots: its length and that of each label; only letters, digits, "-",
// and the "_" that selectors use and that is harmless in domains; no "-" at either end of a label. A name
// that passes has no special meaning to a file system. Returns nothing if the name passes.
std::optional<Refusal> check_labels(std::string_view name);

// Returns whether the name is below the domain in DNS, at any depth. Case matters.
bool is_below(std::string_view name, std::string_view domain);

}  // namespace dkim::canon
