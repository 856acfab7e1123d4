#include "crypto/keys/public_key.hpp"

#include <gtest/gtest.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypto/base64.hpp"
#include "crypto/keys/private_key.hpp"
#include "tests/crypto/test_store.hpp"
#include "tests/vectors/vector_file.hpp"

namespace dkim::crypto {
namespace {

Digest digest_of(std::string_view text) {
  Sha256 hash;
  hash.update(text);
  return hash.finish();
}

PublicKey public_half(const PrivateKey& key) {
  auto parsed = PublicKey::parse(key.algorithm(), key.public_key());
  if (!parsed) throw std::runtime_error(parsed.refusal().reason);
  return *std::move(parsed);
}

// Returns the SubjectPublicKeyInfo of a key of any kind that OpenSSL can make.
std::vector<unsigned char> spki(const EvpPkeyPtr& key) {
  std::vector<unsigned char> octets(static_cast<std::size_t>(i2d_PUBKEY(key.get(), nullptr)));
  unsigned char* end = octets.data();
  i2d_PUBKEY(key.get(), &end);
  return octets;
}

EvpPkeyPtr rsa_key(int bits) {
  return EvpPkeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(bits)));
}

// Returns an RSAPublicKey in DER with a modulus of so many bytes, all of them 0xff.
std::vector<unsigned char> rsa_octets(std::size_t modulus) {
  const auto length = [](std::string& out, std::size_t size) {
    out += {'\x82', static_cast<char>(size >> 8U), static_cast<char>(size & 0xffU)};
  };
  std::string content = "\x02";
  length(content, modulus + 1);
  content += '\0' + std::string(modulus, '\xff') + std::string("\x02\x03\x01\x00\x01", 5);
  std::string all = "\x30";
  length(all, content.size());
  all += content;
  return {all.begin(), all.end()};
}

class PublicKeyTest : public testing::TestWithParam<const char*> {
 protected:
  PublicKeyTest()
      : key_(std::string_view(GetParam()) == "ed25519" ? PrivateKey::generate_ed25519()
                                                       : PrivateKey::generate_rsa(std::stoi(GetParam()))) {}
  PrivateKey key_;
};

TEST_P(PublicKeyTest, VerifiesWhatThePrivateKeySigned) {
  const auto half = public_half(key_);
  EXPECT_EQ(half.algorithm(), key_.algorithm());
  EXPECT_EQ(half.bits(), key_.bits());
  const auto signature = key_.sign(digest_of("text"));
  EXPECT_TRUE(half.verify(digest_of("text"), signature));
  EXPECT_FALSE(half.verify(digest_of("other"), signature));
}

TEST_P(PublicKeyTest, RefusesEveryOtherSignature) {
  const auto half = public_half(key_);
  const auto digest = digest_of("text");
  auto signature = key_.sign(digest);
  for (const std::size_t at : {std::size_t{0}, signature.size() / 2, signature.size() - 1}) {
    signature[at] ^= 1U;
    EXPECT_FALSE(half.verify(digest, signature)) << at;
    signature[at] ^= 1U;
  }
  auto longer = signature;
  longer.push_back(0);
  EXPECT_FALSE(half.verify(digest, longer));
  EXPECT_FALSE(half.verify(digest, std::span(signature).first(signature.size() - 1)));
  EXPECT_FALSE(half.verify(digest, {}));
  EXPECT_TRUE(half.verify(digest, signature));
}

TEST_P(PublicKeyTest, AnRsaSignatureRevealsItsDigest) {
  const auto half = public_half(key_);
  auto signature = key_.sign(digest_of("text"));
  const auto recovered = half.recover(signature);
  EXPECT_EQ(recovered.has_value(), key_.algorithm() == Algorithm::rsa);
  if (recovered) {
    EXPECT_EQ(*recovered, digest_of("text"));
  }
  signature.back() ^= 1U;
  EXPECT_FALSE(half.recover(signature));
  EXPECT_FALSE(half.recover({}));
}

// 1032 bits are not a multiple of 64.
INSTANTIATE_TEST_SUITE_P(Kinds, PublicKeyTest, testing::Values("1024", "1032", "2048", "ed25519"));

// RSA signs the digest together with the name of the hash: if another hash is named, the same digest does not
// verify.
TEST(PublicKeyRsaTest, TheHashIsPartOfTheSignature) {
  const auto key = rsa_key(1024);
  const auto half = PublicKey::parse(Algorithm::rsa, spki(key));
  ASSERT_TRUE(half);
  const auto digest = digest_of("text");
  for (const auto* md : {EVP_sha256(), EVP_sha512_256()}) {
    const EvpPkeyCtxPtr context(EVP_PKEY_CTX_new(key.get(), nullptr));
    ASSERT_EQ(EVP_PKEY_sign_init(context.get()), 1);
    ASSERT_EQ(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING), 1);
    ASSERT_EQ(EVP_PKEY_CTX_set_signature_md(context.get(), md), 1);
    std::vector<unsigned char> signature(128);
    std::size_t size = signature.size();
    ASSERT_EQ(EVP_PKEY_sign(context.get(), signature.data(), &size, digest.data(), digest.size()), 1);
    EXPECT_EQ(half->verify(digest, signature), md == EVP_sha256());
    EXPECT_EQ(half->recover(signature).has_value(), md == EVP_sha256());
  }
}

TEST(PublicKeyRsaTest, BothEnvelopesAreRead) {
  const auto key = rsa_key(1024);
  std::vector<unsigned char> bare(static_cast<std::size_t>(i2d_PublicKey(key.get(), nullptr)));
  unsigned char* end = bare.data();
  i2d_PublicKey(key.get(), &end);
  EXPECT_LT(bare.size(), spki(key).size());
  for (const auto& octets : {bare, spki(key)}) {
    const auto half = PublicKey::parse(Algorithm::rsa, octets);
    ASSERT_TRUE(half);
    EXPECT_EQ(half->bits(), 1024);
  }
}

// The verifier decides what becomes of a key below 1024 bits (RFC 8301 §3.2), so it must know the length.
TEST(PublicKeyRsaTest, AShortKeyIsReadAndALongOneIsNot) {
  const auto half = PublicKey::parse(Algorithm::rsa, spki(rsa_key(512)));
  ASSERT_TRUE(half);
  EXPECT_EQ(half->bits(), 512);

  // Only the length of the modulus matters here: making real keys of this size would take too long.
  const auto largest = PublicKey::parse(Algorithm::rsa, rsa_octets(1024));
  ASSERT_TRUE(largest) << largest.refusal().reason;
  EXPECT_EQ(largest->bits(), 8192);
  const auto too_long = PublicKey::parse(Algorithm::rsa, rsa_octets(1025));
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.refusal().reason, "an RSA key of 8200 bits; the limit is 8192");
}

TEST(PublicKeyBytesTest, AnythingButAKeyIsRefused) {
  const auto rsa = spki(rsa_key(1024));
  const auto ed25519 = PrivateKey::generate_ed25519().public_key();
  const EvpPkeyPtr ed_key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const EvpPkeyPtr ec_key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  for (const auto& octets :
       {std::vector<unsigned char>{}, std::vector<unsigned char>(100, 'x'),
        std::vector<unsigned char>(rsa.begin(), rsa.end() - 1), ed25519, spki(ed_key), spki(ec_key)}) {
    EXPECT_FALSE(PublicKey::parse(Algorithm::rsa, octets)) << octets.size();
  }
  for (const auto& octets : {std::vector<unsigned char>{}, std::vector<unsigned char>(31, 1),
                             std::vector<unsigned char>(33, 1), rsa, spki(ed_key)}) {
    EXPECT_FALSE(PublicKey::parse(Algorithm::ed25519, octets)) << octets.size();
  }
}

// These numbers are encoded like a key but are not one: no signature verifies, and nothing throws.
TEST(PublicKeyBytesTest, SenselessKeysVerifyNothing) {
  const std::vector<unsigned char> zero{0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00};
  const std::vector<unsigned char> even{0x30, 0x06, 0x02, 0x01, 0x04, 0x02, 0x01, 0x02};
  for (const auto& octets : {zero, even}) {
    // OpenSSL reads such a key.
    const auto key = PublicKey::parse(Algorithm::rsa, octets);
    ASSERT_TRUE(key);
    const std::vector<unsigned char> signature(1, 0);
    EXPECT_FALSE(key->verify(digest_of("text"), signature));
    EXPECT_FALSE(key->recover(signature));
    EXPECT_FALSE(key->recover(std::vector<unsigned char>(2000, 0)));
  }
  // Any 32 bytes are accepted as an Ed25519 key; if they are not a point of the curve, they verify nothing.
  const auto no_point = PublicKey::parse(Algorithm::ed25519, std::vector<unsigned char>(32, 0xff));
  ASSERT_TRUE(no_point);
  EXPECT_FALSE(no_point->verify(digest_of("text"), std::vector<unsigned char>(64, 0)));
}

}  // namespace
}  // namespace dkim::crypto
