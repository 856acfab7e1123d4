// Decodes quoted-printable (RFC 2045 §6.7), into which a relay recodes 8-bit text for a server that accepts
// only 7 bits.
#pragma once

#include <string>
#include <string_view>

namespace dkim::keytool {

// Decodes a whole body with CRLF line ends. Leaves what is not quoted-printable as it is.
std::string decode_quoted_printable(std::string_view body);

// Decodes each part of a multipart body that has Content-Transfer-Encoding: quoted-printable, and writes 8bit
// there instead.
std::string decode_parts(std::string_view body);

}  // namespace dkim::keytool
