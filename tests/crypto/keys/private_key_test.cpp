#include "crypto/keys/private_key.hpp"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "crypto/error.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::crypto {
namespace {

using PemWriter = int (*)(BIO*, EVP_PKEY*);

std::string pem_of(EVP_PKEY* key, PemWriter write) {
  BIO* bio = BIO_new(BIO_s_mem());
  EXPECT_EQ(write(bio, key), 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  std::string pem(text, static_cast<std::size_t>(size));
  BIO_free(bio);
  return pem;
}

int pkcs8(BIO* bio, EVP_PKEY* key) {
  return PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
}
int traditional(BIO* bio, EVP_PKEY* key) {
  return PEM_write_bio_PrivateKey_traditional(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
}
char pass_phrase[] = "secret";
int encrypted_pkcs8(BIO* bio, EVP_PKEY* key) {
  return PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_128_cbc(), pass_phrase, 6, nullptr, nullptr);
}
int encrypted_traditional(BIO* bio, EVP_PKEY* key) {
  return PEM_write_bio_PrivateKey_traditional(
      bio, key, EVP_aes_128_cbc(), reinterpret_cast<unsigned char*>(pass_phrase), 6, nullptr, nullptr);
}
int public_only(BIO* bio, EVP_PKEY* key) {
  return PEM_write_bio_PUBKEY(bio, key);
}

std::string rsa_pem(std::size_t bits, PemWriter write) {
  EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits);
  auto pem = pem_of(key, write);
  EVP_PKEY_free(key);
  return pem;
}

std::string ec_pem() {
  EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
  auto pem = pem_of(key, pkcs8);
  EVP_PKEY_free(key);
  return pem;
}

std::string refusal(std::string_view pem) {
  const auto text = test::message_of<KeyFileError>([&] { PrivateKey::from_pem(test::secret(pem)); });
  // Nothing may be left in OpenSSL's queue for a later failure to report.
  EXPECT_EQ(ERR_peek_error(), 0U);
  return text;
}

TEST(PrivateKeyTest, GeneratesBothKinds) {
  EXPECT_EQ(test::rsa_key().algorithm(), Algorithm::rsa);
  EXPECT_EQ(test::rsa_key().bits(), 1024);
  EXPECT_EQ(test::ed25519_key().algorithm(), Algorithm::ed25519);
  EXPECT_EQ(test::ed25519_key().bits(), 256);
  EXPECT_EQ(test::ed25519_key().public_key().size(), 32U);
}

TEST(PrivateKeyTest, PemRoundTrip) {
  for (const auto* key : {&test::rsa_key(), &test::ed25519_key()}) {
    const auto pem = key->to_pem();
    EXPECT_TRUE(view(pem).starts_with("-----BEGIN PRIVATE KEY-----\n"));
    const auto read = PrivateKey::from_pem(pem);
    EXPECT_EQ(read.public_key(), key->public_key());
    EXPECT_EQ(read.sign(Digest{}), key->sign(Digest{}));
  }
}

TEST(PrivateKeyTest, ReadsTheOldFormOfRsaKeys) {
  const auto pem = rsa_pem(1024, traditional);
  ASSERT_TRUE(pem.starts_with("-----BEGIN RSA PRIVATE KEY-----"));
  EXPECT_EQ(PrivateKey::from_pem(test::secret(pem)).bits(), 1024);
  EXPECT_EQ(PrivateKey::from_pem(test::secret(rsa_pem(1024, pkcs8))).bits(), 1024);
}

TEST(PrivateKeyTest, IgnoresTextBeforeAndAfter) {
  const std::string pem(view(test::ed25519_key().to_pem()));
  EXPECT_EQ(PrivateKey::from_pem(test::secret("made by hand\n" + pem + "\ntrailing\n")).public_key(),
            test::ed25519_key().public_key());
}

// A daemon must not prompt on the terminal: if it did, this test would not end.
TEST(PrivateKeyTest, EncryptedKeysAreRefusedWithoutAPrompt) {
  EXPECT_NE(refusal(rsa_pem(1024, encrypted_pkcs8)).find("encrypted"), std::string::npos);
  EXPECT_NE(refusal(rsa_pem(1024, encrypted_traditional)).find("encrypted"), std::string::npos);
}

TEST(PrivateKeyTest, RefusesOtherKindsOfKey) {
  EXPECT_EQ(refusal(ec_pem()), "neither an RSA nor an Ed25519 key");
  EXPECT_EQ(refusal(rsa_pem(1024, public_only)), "not a private key in PEM");
}

TEST(PrivateKeyTest, RefusesSmallRsaKeys) {
  EXPECT_NE(refusal(rsa_pem(512, pkcs8)).find("512 bits"), std::string::npos);
  EXPECT_NE(refusal(rsa_pem(1016, pkcs8)).find("1016 bits"), std::string::npos);
}

TEST(PrivateKeyTest, RefusesGarbage) {
  const std::string pem(view(test::rsa_key().to_pem()));
  for (const auto& text :
       {std::string(), std::string("garbage"), std::string("-----BEGIN PRIVATE KEY-----\n"),
        std::string("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        pem.substr(0, pem.size() / 2), std::string(10'000, '\0')})
    EXPECT_EQ(refusal(text), "not a private key in PEM") << text.substr(0, 40);
}

TEST(PrivateKeyTest, SizesOutOfOpenSslsRangeAreErrors) {
  EXPECT_THROW(PrivateKey::generate_rsa(8), OpenSslError);
  EXPECT_EQ(ERR_peek_error(), 0U);
}

}  // namespace
}  // namespace dkim::crypto
