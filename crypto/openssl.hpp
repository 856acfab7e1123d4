// C++ ownership for OpenSSL's objects, and exceptions for its errors. All code in crypto/ that uses OpenSSL
// goes through this header.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>

#include <memory>
#include <string_view>

namespace dkim::crypto {

template <auto Free>
struct OpenSslDelete {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};

using BioPtr = std::unique_ptr<BIO, OpenSslDelete<BIO_free_all>>;
using EvpCipherPtr = std::unique_ptr<EVP_CIPHER, OpenSslDelete<EVP_CIPHER_free>>;
using EvpCipherCtxPtr = std::unique_ptr<EVP_CIPHER_CTX, OpenSslDelete<EVP_CIPHER_CTX_free>>;
using EvpMdPtr = std::unique_ptr<EVP_MD, OpenSslDelete<EVP_MD_free>>;
using EvpMdCtxPtr = std::unique_ptr<EVP_MD_CTX, OpenSslDelete<EVP_MD_CTX_free>>;
using EvpPkeyPtr = std::unique_ptr<EVP_PKEY, OpenSslDelete<EVP_PKEY_free>>;
using EvpPkeyCtxPtr = std::unique_ptr<EVP_PKEY_CTX, OpenSslDelete<EVP_PKEY_CTX_free>>;

// Throws OpenSslError with what failed and why. Empties this thread's error queue, so that a later failure
// does not report this one.
[[noreturn]] void throw_openssl_error(std::string_view what);

// Checks the result of a function that returns 1 on success.
inline void check_openssl(int result, std::string_view what) {
  if (result != 1) throw_openssl_error(what);
}

// Checks the result of a function that returns an object or null.
template <typename Ptr>
Ptr check_openssl(Ptr object, std::string_view what) {
  if (!object) throw_openssl_error(what);
  return object;
}

// Returns SHA-256, which is fetched once: in OpenSSL 3 each fetch takes locks and look-ups.
const EVP_MD* sha256();

}  // namespace dkim::crypto
