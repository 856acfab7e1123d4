// Quoted-printable (RFC 2045 §6.7), decoded: what a relay makes of 8-bit text for a server that takes only 7
// bits.
#pragma once

#include <string>
#include <string_view>

namespace dkim::keytool {

// A whole body, with CRLF line ends. What is not quoted-printable stays as it is.
std::string decode_quoted_printable(std::string_view body);

// The parts of a multipart body that say Content-Transfer-Encoding: quoted-printable, each decoded and
// saying 8bit again.
std::string decode_parts(std::string_view body);

}  // namespace dkim::keytool
