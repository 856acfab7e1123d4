// The syntax that domains and selectors share (RFC 6376 §3.1: sub-domain *( "." sub-domain )).
#pragma once

#include <optional>
#include <string_view>

#include "canon/result.hpp"

namespace dkim::canon {

// Checks a name of ASCII labels joined by dots: at most 253 octets, labels of 1 to 63, letters, digits,
// "-" and "_" (in use for selectors, and harmless in domains), no "-" at either end of a label.
// Nothing that passes is special to a file system.
std::optional<Refusal> check_labels(std::string_view name);

}  // namespace dkim::canon
