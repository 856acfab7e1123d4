// Reads the text of a TSIG key (RFC 8945) in the forms in which name servers and their tools write one:
//
//   key "dkim." { algorithm hmac-sha256; secret "base64="; };     BIND: tsig-keygen(8)
//   key:  - id: dkim.  algorithm: hmac-sha256  secret: base64=    Knot: keymgr(8), knot.conf(5)
//   key:  name: dkim.  algorithm: hmac-sha256  secret: "base64="  NSD: nsd.conf(5)
//   hmac-sha256:dkim.:base64=                                     nsupdate(1) -y, kdig(1) -y
//   dkim.:base64=:hmac-sha256                                     drill(1) -y
//   dkim. hmac-sha256. base64=                                    PowerDNS: pdnsutil(1) list-tsig-keys
//   dkim. IN KEY 0 3 159 base64=                                  ldns-keygen(1), the file .key
//   Private-key-format: v1.2 ...                                  ldns-keygen(1), the file .private
//
// Pure. The text is hostile and secret: an error says what is missing, and shows nothing of the text.
#pragma once

#include <string>
#include <string_view>

#include "crypto/secret.hpp"

namespace dkim::keytool {

struct TsigKey {
  std::string name;       // with its final dot
  std::string algorithm;  // "hmac-sha256."
  crypto::Secret secret;  // base64, with a final NUL for ldns
};

// Reads the first key of the text. A file .private does not contain the key's name, which is taken from the
// name of the file: K<NAME>+<ALGORITHM>+<ID>.private. Throws crypto::KeyFileError, with a phrase to follow
// "has", if the text has none of these forms or its key cannot be used.
TsigKey parse_tsig_key(std::string_view text, std::string_view file_name);

}  // namespace dkim::keytool
