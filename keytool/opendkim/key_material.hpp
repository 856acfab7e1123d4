// Reads a private key in any form in which other tools keep one: PEM (PKCS#8, or PKCS#1 for RSA), DER in
// base64 without PEM's lines (OpenDKIM's tables), or the base64 of an Ed25519 seed (rspamd; RFC 8410 §7).
#pragma once

#include <string_view>

#include "crypto/keys/private_key.hpp"

namespace dkim::keytool::opendkim {

// Throws KeyFileError, without a path, if the text is no key, is encrypted, or has a kind or size that cannot
// sign.
crypto::PrivateKey read_key_material(const crypto::Secret& content);

// Returns whether the text is a private key, even a damaged one. Files of other kinds are checked by this
// before anything in them is shown.
bool is_key_material(std::string_view text);

}  // namespace dkim::keytool::opendkim
