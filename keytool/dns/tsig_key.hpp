// A TSIG key in BIND's key-file form, as tsig-keygen(8) and keymgr(8) write it:
//
//   key "dkim." { algorithm hmac-sha256; secret "base64="; };
//
// Read by the update publisher. Others must not be able to read the file, nor to write it or a directory on
// the way to it (crypto/trusted_path).
#pragma once

#include <filesystem>
#include <string>

#include "crypto/secret.hpp"

namespace dkim::keytool {

struct TsigKey {
  std::string name;       // with its final dot
  std::string algorithm;  // "hmac-sha256."
  crypto::Secret secret;  // base64, ends in a NUL for ldns
};

// Throws crypto::KeyFileError with the path: missing, open to others, or not such a file.
TsigKey read_tsig_key(const std::filesystem::path& path);

}  // namespace dkim::keytool
