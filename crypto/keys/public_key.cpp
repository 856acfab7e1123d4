#include "crypto/keys/public_key.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <string>

namespace dkim::crypto {
namespace {

constexpr std::size_t ed25519_key_size = 32;

canon::Result<EvpPkeyPtr> read_rsa(std::span<const unsigned char> bytes) {
  const auto size = static_cast<long>(bytes.size());
  const unsigned char* at = bytes.data();
  EvpPkeyPtr key(d2i_PUBKEY(nullptr, &at, size));
  if (!key) {
    at = bytes.data();
    key.reset(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, size));
  }
  ERR_clear_error();
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA)
    return canon::Refusal{"p= is not an RSA key", 0};
  const int bits = EVP_PKEY_get_bits(key.get());
  if (bits > max_rsa_bits)
    return canon::Refusal{fmt::format("an RSA key of {} bits; the limit is {}", bits, max_rsa_bits), 0};
  return key;
}

canon::Result<EvpPkeyPtr> read_ed25519(std::span<const unsigned char> bytes) {
  if (bytes.size() != ed25519_key_size) {
    return canon::Refusal{
        fmt::format("an Ed25519 key of {} bytes; it must have {}, without any envelope (RFC 8463)",
                    bytes.size(), ed25519_key_size),
        0};
  }
  EvpPkeyPtr key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes.data(), bytes.size()));
  return check_openssl(std::move(key), "cannot take an Ed25519 key");
}

canon::Result<EvpPkeyPtr> read_key(Algorithm algorithm, std::span<const unsigned char> bytes) {
  switch (algorithm) {
    case Algorithm::rsa:
      return read_rsa(bytes);
    case Algorithm::ed25519:
      return read_ed25519(bytes);
  }
  return canon::Refusal{"a key of an unknown algorithm", 0};
}

// Returns a context with RSA's padding and hash. Returns null if OpenSSL does not accept the key for that:
// the key is somebody else's and may be unusable.
EvpPkeyCtxPtr rsa_context(EVP_PKEY* key, int (*begin)(EVP_PKEY_CTX*)) {
  auto context = check_openssl(EvpPkeyCtxPtr(EVP_PKEY_CTX_new(key, nullptr)), "no memory for a verification");
  const bool ready = begin(context.get()) == 1 &&
                     EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1 &&
                     EVP_PKEY_CTX_set_signature_md(context.get(), sha256()) == 1;
  return ready ? std::move(context) : nullptr;
}

bool verify_rsa(EVP_PKEY* key, const Digest& digest, std::span<const unsigned char> signature) {
  const auto context = rsa_context(key, EVP_PKEY_verify_init);
  return context && EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(),
                                    digest.size()) == 1;
}

bool verify_ed25519(EVP_PKEY* key, const Digest& digest, std::span<const unsigned char> signature) {
  const auto context = check_openssl(EvpMdCtxPtr(EVP_MD_CTX_new()), "no memory for a verification");
  return EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, key, nullptr) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), digest.data(), digest.size()) ==
             1;
}

}  // namespace

canon::Result<PublicKey> PublicKey::parse(Algorithm algorithm, std::span<const unsigned char> bytes) {
  auto key = read_key(algorithm, bytes);
  if (!key) return key.refusal();
  return PublicKey(*std::move(key), algorithm);
}

int PublicKey::bits() const {
  switch (algorithm_) {
    case Algorithm::rsa:
      return EVP_PKEY_get_bits(key_.get());
    case Algorithm::ed25519:
      return ed25519_bits;
  }
  return 0;
}

bool PublicKey::verify(const Digest& digest, std::span<const unsigned char> signature) const {
  bool good = false;
  switch (algorithm_) {
    case Algorithm::rsa:
      good = verify_rsa(key_.get(), digest, signature);
      break;
    case Algorithm::ed25519:
      good = verify_ed25519(key_.get(), digest, signature);
      break;
  }
  ERR_clear_error();
  return good;
}

std::optional<Digest> PublicKey::recover(std::span<const unsigned char> signature) const {
  if (algorithm_ != Algorithm::rsa) return std::nullopt;
  std::optional<Digest> digest;
  if (const auto context = rsa_context(key_.get(), EVP_PKEY_verify_recover_init)) {
    // As large as any key allows, because the signer chooses how much comes out.
    std::array<unsigned char, max_rsa_bits / 8> out{};
    std::size_t size = out.size();
    if (EVP_PKEY_verify_recover(context.get(), out.data(), &size, signature.data(), signature.size()) == 1 &&
        size == digest.emplace().size()) {
      std::copy_n(out.begin(), size, digest->begin());
    } else {
      digest.reset();
    }
  }
  ERR_clear_error();
  return digest;
}

}  // namespace dkim::crypto
