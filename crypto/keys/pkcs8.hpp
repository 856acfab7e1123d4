// Reads private keys in PKCS#8 (RFC 5958) many times as fast as OpenSSL's functions for it, which make a
// decoder for each key: that takes OpenSSL 3 some 25 times as long as to use it. Here each thread keeps its
// own.
//
// What these functions do not take, those of OpenSSL may.
#pragma once

#include <optional>

#include "crypto/openssl.hpp"
#include "crypto/secret.hpp"

namespace dkim::crypto {

// Returns null if this is not the DER of a whole unencrypted PKCS#8 structure with an RSA or Ed25519 key, and
// nothing after it. Throws OpenSslError without memory.
EvpPkeyPtr read_pkcs8(const Secret& der);

// Returns the DER if the first PEM block is PKCS#8 that is not encrypted.
std::optional<Secret> pkcs8_of_pem(const Secret& pem);

}  // namespace dkim::crypto
