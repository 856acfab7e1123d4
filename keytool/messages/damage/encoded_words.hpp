// Decodes the encoded words (RFC 2047) of a header field, as a system may have done that rewrites fields.
#pragma once

#include <string>
#include <string_view>

namespace dkim::keytool {

// Removes white space between two encoded words, as §6.2 says. Leaves what cannot be decoded as it is, and
// ignores the charset.
std::string decode_encoded_words(std::string_view value);

}  // namespace dkim::keytool
