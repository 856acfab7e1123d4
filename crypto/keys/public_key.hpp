// A public key that verifies: the content of p= of a key record (RFC 6376 §3.6.1, RFC 8463 §4).
//
// It comes from DNS, so every byte of it is hostile. Bytes that are not a key, or not of the kind that the
// record says, are a Refusal.
#pragma once

#include <optional>
#include <span>

#include "canon/result.hpp"
#include "crypto/digest.hpp"
#include "crypto/keys/algorithm.hpp"
#include "crypto/openssl.hpp"

namespace dkim::crypto {

class PublicKey {
 public:
  // Reads an RSA key as SubjectPublicKeyInfo or as the bare RSAPublicKey that the RFC's text names (see
  // erratum 3017), of at most max_rsa_bits; keys below min_rsa_bits are read, too, and left to the verifier
  // to judge. Reads an Ed25519 key as its 32 bytes.
  static canon::Result<PublicKey> parse(Algorithm algorithm, std::span<const unsigned char> bytes);

  Algorithm algorithm() const { return algorithm_; }
  int bits() const;

  // Returns true if this is the key's signature over the digest: RSASSA-PKCS1-v1_5 with SHA-256, or PureEdDSA
  // over the digest's bytes (RFC 8463 §3).
  bool verify(const Digest& digest, std::span<const unsigned char> signature) const;

  // Returns the digest that an RSA signature of this key signs, whatever the message is now. Returns nothing
  // if the signature was not made by this key or was changed, and for Ed25519, whose signatures do not
  // contain it.
  std::optional<Digest> recover(std::span<const unsigned char> signature) const;

 private:
  PublicKey(EvpPkeyPtr key, Algorithm algorithm) : key_(std::move(key)), algorithm_(algorithm) {}

  EvpPkeyPtr key_;
  Algorithm algorithm_;
};

}  // namespace dkim::crypto
