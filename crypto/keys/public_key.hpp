// A public key that verifies: what p= of a key record carries (RFC 6376 §3.6.1, RFC 8463 §4).
//
// Made by crypto/signatures/verifier from a record that DNS gave, so every octet of it is hostile; used by
// keytool's damage hints, too. What is no key, or not of the kind the record says, is a Refusal.
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
  // RSA: SubjectPublicKeyInfo, or the bare RSAPublicKey that the RFC's text names (its erratum 3017 tells of
  // both), of at most 8192 bits. One below 1024 is read as well: whether it counts is the verifier's to say.
  // Ed25519: the 32 octets.
  static canon::Result<PublicKey> parse(Algorithm algorithm, std::span<const unsigned char> octets);

  Algorithm algorithm() const { return algorithm_; }
  int bits() const;

  // Is this the key's signature over the digest? RSASSA-PKCS1-v1_5 with SHA-256, or PureEdDSA over the
  // digest's octets (RFC 8463 §3).
  bool verify(const Digest& digest, std::span<const unsigned char> signature) const;

  // The digest that an RSA signature of this key signs, whatever the message is now. Nothing if the signature
  // was not made by this key, or was changed; nothing for Ed25519, which does not tell.
  std::optional<Digest> recover(std::span<const unsigned char> signature) const;

 private:
  PublicKey(EvpPkeyPtr key, Algorithm algorithm) : key_(std::move(key)), algorithm_(algorithm) {}

  EvpPkeyPtr key_;
  Algorithm algorithm_;
};

}  // namespace dkim::crypto
