// A private key that signs.
//
// Made by dkimkey generate, loaded by crypto/store/key_store, used by crypto/signatures/signer. A loaded key
// is shared by all threads: sign() may be called from many at once. The key's octets are cleansed when it
// goes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "crypto/digest.hpp"
#include "crypto/keys/algorithm.hpp"
#include "crypto/secret.hpp"

namespace dkim::crypto {

class PrivateKey {
 public:
  // A new RSA key; bits from min_rsa_bits to max_rsa_bits. Throws OpenSslError.
  static PrivateKey generate_rsa(int bits);
  static PrivateKey generate_ed25519();

  // Reads PEM: PKCS#8, or the older form of RSA keys. Throws KeyFileError, whose message does not say which
  // file: text that is no key, an encrypted key, another kind of key, RSA below 1024 or above 8192 bits.
  static PrivateKey from_pem(const Secret& pem);

  PrivateKey(PrivateKey&&) noexcept;
  PrivateKey& operator=(PrivateKey&&) noexcept;
  PrivateKey(const PrivateKey&) = delete;
  PrivateKey& operator=(const PrivateKey&) = delete;
  ~PrivateKey();

  Algorithm algorithm() const;
  int bits() const;

  // The signature over a SHA-256 digest: RSASSA-PKCS1-v1_5 (RFC 6376 §3.3.1), or PureEdDSA with the digest
  // as its message (RFC 8463 §3). Thread-safe. Throws OpenSslError.
  std::vector<unsigned char> sign(const Digest& digest) const;

  // What p= carries: SubjectPublicKeyInfo for RSA (RFC 6376 §3.6.1), the 32 octets for Ed25519 (RFC 8463 §4).
  std::vector<unsigned char> public_key() const;

  // PKCS#8 PEM, not encrypted.
  Secret to_pem() const;

 private:
  class Impl;
  explicit PrivateKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dkim::crypto
