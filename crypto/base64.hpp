// Base64 (RFC 4648 §4), by OpenSSL.
//
// Text that is not base64 yields nothing; nothing here throws but std::bad_alloc.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dkim::crypto {

// Returns padded base64 without line breaks.
std::string base64_encode(std::span<const unsigned char> bytes);

// Returns nothing if the text is not base64 with correct padding. White space is not allowed: remove it first
// (canon::without_fws).
std::optional<std::vector<unsigned char>> base64_decode(std::string_view text);

}  // namespace dkim::crypto
