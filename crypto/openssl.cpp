#include "crypto/openssl.hpp"

#include <openssl/err.h>

#include <array>
#include <string>

#include "crypto/error.hpp"

namespace dkim::crypto {

void throw_openssl_error(std::string_view what) {
  std::string message(what);
  // The earliest error is the cause; later ones only show the way that it took.
  if (const unsigned long code = ERR_get_error(); code != 0) {
    std::array<char, 256> text{};
    ERR_error_string_n(code, text.data(), text.size());
    message += ": ";
    message += text.data();
  }
  ERR_clear_error();
  throw OpenSslError(message);
}

const EVP_MD* sha256() {
  static const EvpMdPtr md(
      check_openssl(EvpMdPtr(EVP_MD_fetch(nullptr, "SHA256", nullptr)), "SHA-256 is not available"));
  return md.get();
}

}  // namespace dkim::crypto
