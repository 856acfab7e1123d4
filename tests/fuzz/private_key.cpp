// crypto/keys/private_key: any text is a key or refused in words. A key that was read signs or fails in
// words, and reads as it was written. The signature of an Ed25519 key verifies; that of an RSA key need not,
// because the numbers in its file may not fit each other.
#include "crypto/keys/private_key.hpp"

#include <cstdint>

#include "crypto/error.hpp"
#include "crypto/keys/public_key.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  crypto::Secret text(data, data + size);
  std::optional<crypto::PrivateKey> key;
  try {
    key = crypto::PrivateKey::from_pem(text);
  } catch (const crypto::KeyFileError& error) {
    test::require(*error.what() != '\0', "a refusal has a reason");
    return 0;
  }
  test::require(key->bits() >= (key->algorithm() == crypto::Algorithm::rsa ? crypto::min_rsa_bits : 256),
                "a key has a size that others accept");
  const bool fits = key->algorithm() == crypto::Algorithm::ed25519;
  try {
    const crypto::Digest digest{};
    const auto signature = key->sign(digest);
    const auto octets = key->public_key();
    const auto public_key = crypto::PublicKey::parse(key->algorithm(), octets);
    const bool verifies = public_key && public_key->verify(digest, signature);
    test::require(verifies || !fits, "the signature of an Ed25519 key verifies");
    const auto again = crypto::PrivateKey::from_pem(key->to_pem());
    test::require(again.public_key() == octets, "a key reads as it was written");
  } catch (const crypto::Error& error) {
    test::require(!fits, "an Ed25519 key signs");
    test::require(*error.what() != '\0', "an error has words");
  }
  return 0;
}
