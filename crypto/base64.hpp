// Base64 as in RFC 4648 §4, by OpenSSL.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dkim::crypto {

// Without line breaks, padded.
std::string base64_encode(std::span<const unsigned char> octets);

// Nothing if the text is not base64 with right padding. White space is not allowed here: take it off
// first (canon::without_fws).
std::optional<std::vector<unsigned char>> base64_decode(std::string_view text);

}  // namespace dkim::crypto
