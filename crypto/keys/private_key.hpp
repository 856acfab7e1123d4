// A private key that signs.
//
// All threads may share a key: sign() may be called from many at once. The key's bytes in memory are cleansed
// when it is destroyed. A key that cannot be read is a KeyFileError; other failures are OpenSslError.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "crypto/digest.hpp"
#include "crypto/keys/algorithm.hpp"
#include "crypto/openssl.hpp"
#include "crypto/secret.hpp"

namespace dkim::crypto {

class PrivateKey {
 public:
  // Generates a key. bits: the size of an RSA key, from min_rsa_bits to max_rsa_bits; ignored for Ed25519. An
  // RSA key of 8192 bits can take a minute. Throws OpenSslError.
  static PrivateKey generate(Algorithm algorithm, int bits);
  static PrivateKey generate_rsa(int bits);
  static PrivateKey generate_ed25519();

  // Reads PEM: PKCS#8, or the older form of RSA keys. Throws KeyFileError if the text is not a key, or the
  // key is encrypted, neither RSA nor Ed25519, or RSA of fewer than min_rsa_bits or more than max_rsa_bits.
  // The message does not name the file.
  static PrivateKey from_pem(const Secret& pem);

  // Reads the DER of an unencrypted PKCS#8 structure, with nothing after it. Throws KeyFileError as from_pem
  // does.
  static PrivateKey from_der(const Secret& der);

  PrivateKey(PrivateKey&&) noexcept;
  PrivateKey& operator=(PrivateKey&&) noexcept;
  PrivateKey(const PrivateKey&) = delete;
  PrivateKey& operator=(const PrivateKey&) = delete;
  ~PrivateKey();

  Algorithm algorithm() const;
  int bits() const;

  // Signs a SHA-256 digest: RSASSA-PKCS1-v1_5 (RFC 6376 §3.3.1), or PureEdDSA with the digest as its message
  // (RFC 8463 §3). Thread-safe. Throws OpenSslError.
  std::vector<unsigned char> sign(const Digest& digest) const;

  // Returns the content of p=: SubjectPublicKeyInfo for RSA (RFC 6376 §3.6.1), the 32 bytes of the key for
  // Ed25519 (RFC 8463 §4).
  std::vector<unsigned char> public_key() const;

  // Returns PKCS#8 PEM, not encrypted.
  Secret to_pem() const;
  // Returns the same as DER.
  Secret to_der() const;

 private:
  class Impl;
  explicit PrivateKey(std::unique_ptr<Impl> impl);
  static PrivateKey judged(EvpPkeyPtr key);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dkim::crypto
