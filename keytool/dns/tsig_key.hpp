// Reads a TSIG key (RFC 8945) from a file in BIND's form, as tsig-keygen(8) and keymgr(8) write it:
//
//   key "dkim." { algorithm hmac-sha256; secret "base64="; };
//
// Refuses a file that others can read, and one that others can replace: they must not be able to write the
// file or a directory on the way to it (crypto/trusted_path).
#pragma once

#include <filesystem>
#include <string>

#include "crypto/secret.hpp"

namespace dkim::keytool {

struct TsigKey {
  std::string name;       // with its final dot
  std::string algorithm;  // "hmac-sha256."
  crypto::Secret secret;  // base64, with a final NUL for ldns
};

// Throws crypto::KeyFileError, with the path, if the file is missing, open to others or not of this form.
TsigKey read_tsig_key(const std::filesystem::path& path);

}  // namespace dkim::keytool
