// Private keys as they leave a machine: sealed with AES-256-GCM (NIST SP 800-38D), so that the database that
// keeps them never sees one. Domain, selector, use, algorithm and the sealing key's number are additional
// data, so a sealed key opens only in the place for which it was sealed.
//
// The format of the bytes, which is tested by vectors (tests/vectors/sealed_key.vec):
//   version (1 byte, 1), nonce (12 random bytes), ciphertext (as long as the PKCS#8 DER), tag (16 bytes)
// The additional data: the version's byte; then domain, selector, use, algorithm and the sealing key's number
// as texts (numbers in decimal digits, "rsa" or "ed25519"), each behind its length in 4 bytes, most
// significant first. So no two places have the same additional data.
//
// Random nonces allow 2^32 keys to be sealed with one sealing key (SP 800-38D, 8.3): 4,000 for each of a
// million domains.
//
// Any thread. Failures are SealError, which says which of the three it is, and OpenSslError.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "canon/domain_name.hpp"
#include "crypto/error.hpp"
#include "crypto/keys/algorithm.hpp"
#include "crypto/keys/key_id.hpp"
#include "crypto/keys/private_key.hpp"
#include "crypto/keys/sealing_keys.hpp"

namespace dkim::crypto {

class SealError : public Error {
 public:
  enum class Kind {
    lost,     // this machine has no sealing key of that number
    wrong,    // it has one of that number, and it is another key than the fleet's
    damaged,  // the sealing key is right; the bytes, or what the row says beside them, are not what was
              // sealed
  };
  SealError(Kind kind, const std::string& what) : Error(what), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

// For which place a key is sealed.
struct SealedPlace {
  canon::DomainName domain;
  KeyId id;
  Algorithm algorithm;
};

struct SealedKey {
  int sealing_key = 0;                // its number
  std::vector<unsigned char> sealed;  // in the format above
};

// The longest that is sealed or opened; an RSA key of 8192 bits takes less than 5 kB.
constexpr std::size_t most_sealed_bytes = 16 << 10;

// Throws KeyFileError for a key whose DER is too long, or that is not of the place's algorithm.
SealedKey seal(const PrivateKey& key, const SealedPlace& place, const SealingKey& with);

// fingerprint: of the fleet's sealing key of that number, as the database has it; empty if it has none of
// that number. Throws SealError, with a message that names domain and selector and says what to do. Whether
// the key has the size that the manifest says is for the caller to see.
PrivateKey unseal(const SealedKey& sealed, const SealedPlace& place, const SealingKeys& keys,
                  std::string_view fingerprint);

}  // namespace dkim::crypto
