// OpenSSL's objects under C++ ownership, and its errors as exceptions. Everything in this folder that
// touches OpenSSL goes through here.
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
using EvpMdPtr = std::unique_ptr<EVP_MD, OpenSslDelete<EVP_MD_free>>;
using EvpMdCtxPtr = std::unique_ptr<EVP_MD_CTX, OpenSslDelete<EVP_MD_CTX_free>>;
using EvpPkeyPtr = std::unique_ptr<EVP_PKEY, OpenSslDelete<EVP_PKEY_free>>;
using EvpPkeyCtxPtr = std::unique_ptr<EVP_PKEY_CTX, OpenSslDelete<EVP_PKEY_CTX_free>>;

// Throws OpenSslError with what failed and why; empties this thread's error queue, so that a later
// failure does not report this one.
[[noreturn]] void throw_openssl_error(std::string_view what);

// For functions that return 1 on success.
inline void check_openssl(int result, std::string_view what) {
  if (result != 1) throw_openssl_error(what);
}

// For functions that return an object or null.
template <typename Ptr>
Ptr check_openssl(Ptr object, std::string_view what) {
  if (!object) throw_openssl_error(what);
  return object;
}

// SHA-256, fetched once: a fetch by each use costs locks and look-ups in OpenSSL 3.
const EVP_MD* sha256();

}  // namespace dkim::crypto
