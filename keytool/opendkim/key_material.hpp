// A private key in any of the forms in which other tools keep one: PEM (PKCS#8, or PKCS#1 of RSA), or DER in
// base64 without PEM's lines, as OpenDKIM's tables may hold it, or rspamd's base64 of an Ed25519 seed.
#pragma once

#include <string_view>

#include "crypto/keys/private_key.hpp"

namespace dkim::keytool::opendkim {

// Throws KeyFileError without a path: no key, an encrypted one, a kind or size that cannot sign.
crypto::PrivateKey read_key_material(const crypto::Secret& content);

// Is it one? Asked of files that are to be something else: what stands in those is shown.
bool is_key_material(std::string_view text);

}  // namespace dkim::keytool::opendkim
