// Counts the bytes that go through OpenSSL's hash: the body must go through it once, however many sign.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "crypto/signatures/signer.hpp"
#include "tests/crypto/test_store.hpp"

namespace {

thread_local std::size_t hashed_bytes = 0;

}  // namespace

// Takes the place of libcrypto's function in this program, and calls it.
extern "C" int EVP_DigestUpdate(EVP_MD_CTX* context, const void* data, std::size_t size) {
  using Function = int (*)(EVP_MD_CTX*, const void*, std::size_t);
  static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "EVP_DigestUpdate"));
  hashed_bytes += size;
  return real(context, data, size);
}

namespace dkim::crypto {
namespace {

using canon::Canonicalization;
using test::domain_name;
using test::selector;

std::shared_ptr<const PrivateKey> lent(const PrivateKey& key) {
  return {&key, [](const PrivateKey*) {}};
}

class SignerPassTest : public testing::TestWithParam<Canonicalization> {};

TEST_P(SignerPassTest, TheBodyIsHashedOnceForAllSigners) {
  SigningSettings settings;
  settings.canonicalization.body = GetParam();
  SigningIdentity alone{domain_name("example.com"), {{selector("a"), lent(test::ed25519_key())}}, {}};
  auto beside = alone;
  beside.keys.push_back({selector("b"), lent(test::rsa_key())});
  beside.second.push_back({domain_name("esp.example"), {{selector("e"), lent(test::ed25519_key())}}});
  beside.second.push_back({domain_name("net.example"), {{selector("n"), lent(test::other_rsa_key())}}});

  constexpr int lines = 20'000;
  const std::string line = "a line without double spaces\r\n";
  const auto bytes_for = [&](const SigningIdentity& identity, std::size_t signatures) {
    hashed_bytes = 0;
    Signer signer(settings, identity);
    for (int i = 0; i < lines; ++i)
      signer.body(line);
    EXPECT_EQ(signer.sign({{"From", " a@example.com"}}, *parse_utc_time("2026-11-24T06:00:00Z")).size(),
              signatures);
    return hashed_bytes;
  };
  const auto one = bytes_for(alone, 1);
  const auto four = bytes_for(beside, 4);
  EXPECT_GE(one, lines * line.size());
  // What is added is hashed for each signature: the fields and the signature's own.
  EXPECT_LT(four, one + 8192);
}

INSTANTIATE_TEST_SUITE_P(Body, SignerPassTest,
                         testing::Values(Canonicalization::relaxed, Canonicalization::simple));

}  // namespace
}  // namespace dkim::crypto
