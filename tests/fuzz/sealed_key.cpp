// crypto/keys/sealed_key: whatever a row has, nothing opens that was not sealed in that place, and the
// refusal is plain text. Any bytes are the DER of a key or refused in words; a key that was read is sealed,
// opens as the same key in its place, and nowhere else, nor with a bit altered.
#include "crypto/keys/sealed_key.hpp"

#include <cstdint>

#include "tests/fuzz/require.hpp"

using namespace dkim;

namespace {

const crypto::SealingKey sealing_key{1, crypto::Secret(crypto::sealing_key_bytes, 'k')};
const crypto::SealingKeys keys({sealing_key});
const std::string fingerprint = sealing_key.fingerprint();

crypto::SealedPlace place(std::string_view domain, crypto::Algorithm algorithm) {
  return {*canon::DomainName::parse(domain), *canon::Selector::parse("server"), algorithm};
}

void require_damaged(const crypto::SealedKey& sealed, const crypto::SealedPlace& at) {
  try {
    crypto::unseal(sealed, at, keys, fingerprint);
  } catch (const crypto::SealError& error) {
    test::require(error.kind() == crypto::SealError::Kind::damaged,
                  "with the right sealing key it is damage");
    test::require_plain(error.what(), "a refusal is plain text");
    return;
  }
  test::require(false, "nothing opens that was not sealed there");
}

void require_sealable(const crypto::PrivateKey& key, std::size_t where) {
  const auto at = place("example.com", key.algorithm());
  crypto::SealedKey sealed;
  try {
    sealed = crypto::seal(key, at, sealing_key);
  } catch (const crypto::KeyFileError& error) {
    test::require(key.to_der().size() + 29 > crypto::most_sealed_bytes, "only a long key is not sealed");
    return;
  }
  const auto opened = crypto::unseal(sealed, at, keys, fingerprint);
  test::require(opened.public_key() == key.public_key() && opened.to_der() == key.to_der(),
                "what was sealed opens as the same key");
  require_damaged(sealed, place("example.org", key.algorithm()));
  auto& byte = sealed.sealed[where % sealed.sealed.size()];
  byte = static_cast<unsigned char>(byte ^ (1U << (where % 8)));
  require_damaged(sealed, at);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const auto algorithm : crypto::all_algorithms)
    require_damaged({1, {data, data + size}}, place("example.com", algorithm));
  try {
    const auto key = crypto::PrivateKey::from_der(crypto::Secret(data, data + size));
    require_sealable(key, size + data[size - 1]);
  } catch (const crypto::KeyFileError& error) {
    test::require_plain(error.what(), "a refusal is plain text");
  } catch (const crypto::OpenSslError& error) {
    // The numbers of an RSA key need not fit each other, and OpenSSL may say so only when it writes them.
    test::require(*error.what() != '\0', "an error has words");
  }
  return 0;
}
