// Encoded words (RFC 2047) of a header field as the octets they stand for: what a system did that writes
// fields anew.
#pragma once

#include <string>
#include <string_view>

namespace dkim::keytool {

// White space between two encoded words goes, as §6.2 says. What cannot be decoded stays as it is; the
// charset is not looked at.
std::string decode_encoded_words(std::string_view value);

}  // namespace dkim::keytool
