#include "crypto/digest.hpp"

namespace dkim::crypto {
namespace {

EvpMdCtxPtr new_context() {
  return check_openssl(EvpMdCtxPtr(EVP_MD_CTX_new()), "no memory for a hash");
}

}  // namespace

Sha256::Sha256() : context_(new_context()) {
  check_openssl(EVP_DigestInit_ex2(context_.get(), sha256(), nullptr), "cannot start SHA-256");
}

Sha256::Sha256(const Sha256& other) : context_(new_context()) {
  check_openssl(EVP_MD_CTX_copy_ex(context_.get(), other.context_.get()), "cannot copy SHA-256");
}

void Sha256::update(std::string_view bytes) {
  check_openssl(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()), "cannot go on with SHA-256");
}

Digest Sha256::finish() {
  Digest digest{};
  check_openssl(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr), "cannot end SHA-256");
  return digest;
}

}  // namespace dkim::crypto
