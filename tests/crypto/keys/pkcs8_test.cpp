// Compares how we read PKCS#8 with how OpenSSL's function for it does.
#include "crypto/keys/pkcs8.hpp"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "tests/crypto/test_store.hpp"

namespace dkim::crypto {
namespace {

// By OpenSSL's own function.
EvpPkeyPtr reference(const Secret& der) {
  const auto* const begin = reinterpret_cast<const unsigned char*>(der.data());
  const auto* end = begin;
  PKCS8_PRIV_KEY_INFO* pkcs8 = d2i_PKCS8_PRIV_KEY_INFO(nullptr, &end, static_cast<long>(der.size()));
  const bool is_whole = pkcs8 != nullptr && static_cast<std::size_t>(end - begin) == der.size();
  EvpPkeyPtr key(is_whole ? EVP_PKCS82PKEY(pkcs8) : nullptr);
  PKCS8_PRIV_KEY_INFO_free(pkcs8);
  ERR_clear_error();
  const bool is_ours = key && (EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_RSA ||
                               EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_ED25519);
  return is_ours ? std::move(key) : nullptr;
}

// Whether the numbers of the key belong together.
bool is_sound(EVP_PKEY* key) {
  EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(key, nullptr);
  const bool sound = EVP_PKEY_check(context) == 1;
  EVP_PKEY_CTX_free(context);
  ERR_clear_error();
  return sound;
}

// Returns whether it is a key. OpenSSL 3.5 accepts some whose numbers are impossible, by code of before its
// providers.
bool expect_equal(const Secret& der) {
  const auto ours = read_pkcs8(der);
  EXPECT_EQ(ERR_peek_error(), 0U);
  const auto theirs = reference(der);
  EXPECT_EQ(ours == nullptr, theirs == nullptr || (!ours && !is_sound(theirs.get())));
  if (ours && theirs) {
    EXPECT_EQ(EVP_PKEY_eq(ours.get(), theirs.get()), 1);
  }
  return ours != nullptr;
}

class Pkcs8Test : public testing::TestWithParam<Algorithm> {
 protected:
  const PrivateKey& key() const {
    return GetParam() == Algorithm::rsa ? test::rsa_key() : test::ed25519_key();
  }
};

TEST_P(Pkcs8Test, TheSameAsOpenSslWithEachByteChanged) {
  const auto der = key().to_der();
  ASSERT_TRUE(expect_equal(der));
  std::size_t keys = 0;
  for (std::size_t i = 0; i < der.size(); ++i) {
    for (const unsigned change : {0x01U, 0x80U, 0xffU}) {
      auto changed = der;
      changed[i] = static_cast<char>(static_cast<unsigned char>(changed[i]) ^ change);
      SCOPED_TRACE(i);
      if (expect_equal(changed)) ++keys;
    }
  }
  // Some are keys, and some are not.
  EXPECT_GT(keys, 0U);
  EXPECT_LT(keys, 3 * der.size());
  ASSERT_TRUE(expect_equal(der)) << "the decoder does not work any more";
}

TEST_P(Pkcs8Test, TheSameAsOpenSslWithEachLength) {
  auto der = key().to_der();
  der.push_back('\0');
  for (std::size_t length = 0; length <= der.size(); ++length) {
    SCOPED_TRACE(length);
    EXPECT_EQ(expect_equal({der.begin(), der.begin() + static_cast<std::ptrdiff_t>(length)}),
              length + 1 == der.size());
  }
}

INSTANTIATE_TEST_SUITE_P(Keys, Pkcs8Test, testing::Values(Algorithm::rsa, Algorithm::ed25519));

}  // namespace
}  // namespace dkim::crypto
