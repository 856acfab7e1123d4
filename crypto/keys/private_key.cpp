#include "crypto/keys/private_key.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <mutex>
#include <utility>

#include "crypto/error.hpp"
#include "crypto/keys/pkcs8.hpp"

namespace dkim::crypto {

// Setting up an RSA operation (fetching it, its padding and hash) does not depend on the message, so contexts
// are kept and lent. There are as many as threads ever signed at once.
class PrivateKey::Impl {
 public:
  Impl(EvpPkeyPtr key, Algorithm algorithm) : key_(std::move(key)), algorithm_(algorithm) {}

  EVP_PKEY* key() const { return key_.get(); }
  Algorithm algorithm() const { return algorithm_; }

  std::vector<unsigned char> sign_rsa(const Digest& digest);

 private:
  EvpPkeyCtxPtr borrow() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    EvpPkeyCtxPtr context = std::move(idle_.back());
    idle_.pop_back();
    return context;
  }

  void give_back(EvpPkeyCtxPtr context) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(context));
  }

  EvpPkeyPtr key_;
  Algorithm algorithm_;
  std::mutex mutex_;
  std::vector<EvpPkeyCtxPtr> idle_;
};

namespace {

// By default OpenSSL asks for a pass phrase on the terminal, which a daemon must not do.
int no_pass_phrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

Algorithm algorithm_of(EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
      return Algorithm::rsa;
    case EVP_PKEY_ED25519:
      return Algorithm::ed25519;
    default:
      throw KeyFileError("neither an RSA nor an Ed25519 key");
  }
}

EvpPkeyCtxPtr new_rsa_context(EVP_PKEY* key) {
  auto context = check_openssl(EvpPkeyCtxPtr(EVP_PKEY_CTX_new(key, nullptr)), "no memory for a signature");
  check_openssl(EVP_PKEY_sign_init(context.get()), "cannot start a signature");
  check_openssl(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING), "cannot set RSA's padding");
  check_openssl(EVP_PKEY_CTX_set_signature_md(context.get(), sha256()), "cannot set the signature's hash");
  return context;
}

std::vector<unsigned char> rsa_public_key(EVP_PKEY* key) {
  const int length = i2d_PUBKEY(key, nullptr);
  if (length <= 0) throw_openssl_error("cannot encode the public key");
  std::vector<unsigned char> bytes(static_cast<std::size_t>(length));
  unsigned char* end = bytes.data();
  i2d_PUBKEY(key, &end);
  return bytes;
}

std::vector<unsigned char> ed25519_public_key(EVP_PKEY* key) {
  std::vector<unsigned char> bytes(32);
  std::size_t length = bytes.size();
  check_openssl(EVP_PKEY_get_raw_public_key(key, bytes.data(), &length), "cannot read the public key");
  return bytes;
}

std::vector<unsigned char> sign_ed25519(EVP_PKEY* key, const Digest& digest) {
  const auto context = check_openssl(EvpMdCtxPtr(EVP_MD_CTX_new()), "no memory for a signature");
  check_openssl(EVP_DigestSignInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, key, nullptr),
                "cannot start an Ed25519 signature");
  std::vector<unsigned char> signature(64);
  std::size_t length = signature.size();
  check_openssl(EVP_DigestSign(context.get(), signature.data(), &length, digest.data(), digest.size()),
                "cannot sign with the Ed25519 key");
  signature.resize(length);
  return signature;
}

}  // namespace

std::vector<unsigned char> PrivateKey::Impl::sign_rsa(const Digest& digest) {
  EvpPkeyCtxPtr context = borrow();
  if (!context) context = new_rsa_context(key_.get());
  std::vector<unsigned char> signature(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())));
  std::size_t length = signature.size();
  check_openssl(EVP_PKEY_sign(context.get(), signature.data(), &length, digest.data(), digest.size()),
                "cannot sign with the RSA key");
  signature.resize(length);
  give_back(std::move(context));
  return signature;
}

PrivateKey::PrivateKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PrivateKey::PrivateKey(PrivateKey&&) noexcept = default;
PrivateKey& PrivateKey::operator=(PrivateKey&&) noexcept = default;
PrivateKey::~PrivateKey() = default;

PrivateKey PrivateKey::generate(Algorithm algorithm, int bits) {
  switch (algorithm) {
    case Algorithm::rsa:
      return generate_rsa(bits);
    case Algorithm::ed25519:
      return generate_ed25519();
  }
  throw OpenSslError("cannot make a key of an unknown algorithm");
}

PrivateKey PrivateKey::generate_rsa(int bits) {
  EvpPkeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(bits)));
  return PrivateKey(
      std::make_unique<Impl>(check_openssl(std::move(key), "cannot make an RSA key"), Algorithm::rsa));
}

PrivateKey PrivateKey::generate_ed25519() {
  EvpPkeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  return PrivateKey(std::make_unique<Impl>(check_openssl(std::move(key), "cannot make an Ed25519 key"),
                                           Algorithm::ed25519));
}

PrivateKey PrivateKey::from_pem(const Secret& pem) {
  // OpenSSL treats empty input as an error of the caller.
  if (pem.empty()) throw KeyFileError("not a private key in PEM");
  if (const auto der = pkcs8_of_pem(pem)) {
    if (auto key = read_pkcs8(*der)) return judged(std::move(key));
  }
  // The older form of RSA keys, or a reason why there is no key.
  const auto bio =
      check_openssl(BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))), "no memory");
  bool pass_phrase_asked = false;
  EvpPkeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, &pass_phrase_asked));
  ERR_clear_error();
  if (pass_phrase_asked) throw KeyFileError("an encrypted key, which the daemon has no pass phrase for");
  if (!key) throw KeyFileError("not a private key in PEM");
  return judged(std::move(key));
}

PrivateKey PrivateKey::from_der(const Secret& der) {
  auto key = read_pkcs8(der);
  if (!key) throw KeyFileError("neither an RSA nor an Ed25519 key in PKCS#8");
  return judged(std::move(key));
}

PrivateKey PrivateKey::judged(EvpPkeyPtr key) {
  const Algorithm algorithm = algorithm_of(key.get());
  const int bits = EVP_PKEY_get_bits(key.get());
  if (algorithm == Algorithm::rsa && (bits < min_rsa_bits || bits > max_rsa_bits)) {
    throw KeyFileError(fmt::format("an RSA key of {} bits; {} to {} can be used (RFC 8301)", bits,
                                   min_rsa_bits, max_rsa_bits));
  }
  return PrivateKey(std::make_unique<Impl>(std::move(key), algorithm));
}

Algorithm PrivateKey::algorithm() const {
  return impl_->algorithm();
}
int PrivateKey::bits() const {
  switch (algorithm()) {
    case Algorithm::rsa:
      return EVP_PKEY_get_bits(impl_->key());
    case Algorithm::ed25519:
      return ed25519_bits;
  }
  return 0;
}

std::vector<unsigned char> PrivateKey::sign(const Digest& digest) const {
  switch (algorithm()) {
    case Algorithm::rsa:
      return impl_->sign_rsa(digest);
    case Algorithm::ed25519:
      return sign_ed25519(impl_->key(), digest);
  }
  throw OpenSslError("cannot sign with a key of an unknown algorithm");
}

std::vector<unsigned char> PrivateKey::public_key() const {
  switch (algorithm()) {
    case Algorithm::rsa:
      return rsa_public_key(impl_->key());
    case Algorithm::ed25519:
      return ed25519_public_key(impl_->key());
  }
  throw OpenSslError("cannot encode a key of an unknown algorithm");
}

Secret PrivateKey::to_pem() const {
  // BIO_s_secmem cleanses its memory when it is freed.
  const auto bio = check_openssl(BioPtr(BIO_new(BIO_s_secmem())), "no memory");
  check_openssl(PEM_write_bio_PKCS8PrivateKey(bio.get(), impl_->key(), nullptr, nullptr, 0, nullptr, nullptr),
                "cannot encode the private key");
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &text);
  return {text, text + length};
}

Secret PrivateKey::to_der() const {
  const auto bio = check_openssl(BioPtr(BIO_new(BIO_s_secmem())), "no memory");
  check_openssl(i2d_PKCS8PrivateKey_bio(bio.get(), impl_->key(), nullptr, nullptr, 0, nullptr, nullptr),
                "cannot encode the private key");
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, bytes + length};
}

}  // namespace dkim::crypto
