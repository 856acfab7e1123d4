// Private keys as they leave a machine: sealed with AES-256-GCM (NIST SP 800-38D), so that the database that keeps
// them never sees one. Domain, selector, use, algorithm and the sealing key's number are additional data, so a
// sealed key opens only in the place for which it was sealed.
//
// The format of the bytes, which is tested by vectors (tests/vectors/sealed_key.vec):
//   version (1 byte, 1), nonce (12 random bytes), ciphertext (as long as the PKCS#8 DER), tag (16 bytes)
//
// Any thread. Failures are SealError, which says which of the three it is, and OpenSslError.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "canon/domain_name.hpp"
#include "crypto/error.hpp"
#include "crypto/keys/algorithm.hpp"
#include "crypto/keys/private_key.hpp"
#include "crypto/keys/sealing_keys.hpp"
#include "crypto/store/manifest.hpp"

namespace dkim::crypto {

class SealError : public Error {
 public:
  enum class Kind {
    lost,     // this machine has no sealing key of that number
    wrong,    // it has one of that number, and it is another key than the fleet's
    damaged,  // the sealing key is right; the bytes are not those that were sealed here
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

SealedKey seal(const PrivateKey& key, const SealedPlace& place, const SealingKey& with);

// fingerprint: of the fleet's sealing key of that number, as the database has it. Throws SealError, with a message
// that names domain and selector and says what to do.
PrivateKey unseal(const SealedKey& sealed, const SealedPlace& place, const SealingKeys& keys,
                  std::string_view fingerprint);

}  // namespace dkim::crypto
