#include "crypto/keys/pkcs8.hpp"

#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <string_view>
#include <utility>

namespace dkim::crypto {
namespace {

using DecoderPtr = std::unique_ptr<OSSL_DECODER_CTX, OpenSslDelete<OSSL_DECODER_CTX_free>>;
// Cleanses the key when it is freed.
using Pkcs8Ptr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, OpenSslDelete<PKCS8_PRIV_KEY_INFO_free>>;

class Decoder {
 public:
  explicit Decoder(const char* key_type)
      : context_(
            check_openssl(DecoderPtr(OSSL_DECODER_CTX_new_for_pkey(&made_, "DER", "PrivateKeyInfo", key_type,
                                                                   EVP_PKEY_KEYPAIR, nullptr, nullptr)),
                          "no memory to read keys")) {}
  // The context knows where made_ is.
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  EvpPkeyPtr read(const Secret& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    auto left = der.size();
    const int result = OSSL_DECODER_from_data(context_.get(), &at, &left);
    EvpPkeyPtr key(std::exchange(made_, nullptr));
    return result == 1 ? std::move(key) : nullptr;
  }

 private:
  EVP_PKEY* made_ = nullptr;
  DecoderPtr context_;
};

Decoder& rsa_decoder() {
  thread_local Decoder decoder("RSA");
  return decoder;
}

Decoder& ed25519_decoder() {
  thread_local Decoder decoder("ED25519");
  return decoder;
}

// Returns null for anything but a whole structure with one of our kinds of key.
Decoder* decoder_for(const Secret& der) {
  const auto* const begin = reinterpret_cast<const unsigned char*>(der.data());
  const auto* end = begin;
  const Pkcs8Ptr pkcs8(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &end, static_cast<long>(der.size())));
  const ASN1_OBJECT* algorithm = nullptr;
  if (!pkcs8 || static_cast<std::size_t>(end - begin) != der.size() ||
      PKCS8_pkey_get0(&algorithm, nullptr, nullptr, nullptr, pkcs8.get()) != 1)
    return nullptr;
  switch (OBJ_obj2nid(algorithm)) {
    case NID_rsaEncryption:
      return &rsa_decoder();
    case NID_ED25519:
      return &ed25519_decoder();
    default:
      return nullptr;
  }
}

// What PEM_read_bio returns, cleansed when it is freed.
struct PemBlock {
  PemBlock() = default;
  PemBlock(const PemBlock&) = delete;
  PemBlock& operator=(const PemBlock&) = delete;
  ~PemBlock() {
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(length));
  }

  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long length = 0;
};

}  // namespace

EvpPkeyPtr read_pkcs8(const Secret& der) {
  auto* const decoder = decoder_for(der);
  EvpPkeyPtr key = decoder == nullptr ? nullptr : decoder->read(der);
  ERR_clear_error();
  return key;
}

std::optional<Secret> pkcs8_of_pem(const Secret& pem) {
  const auto bio =
      check_openssl(BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))), "no memory");
  PemBlock block;
  const int result = PEM_read_bio(bio.get(), &block.name, &block.header, &block.data, &block.length);
  ERR_clear_error();
  if (result != 1 || block.name != std::string_view(PEM_STRING_PKCS8INF) || *block.header != '\0')
    return std::nullopt;
  return Secret(block.data, block.data + block.length);
}

}  // namespace dkim::crypto
