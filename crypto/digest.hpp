// SHA-256 of a stream: the only hash that DKIM may still use (RFC 8301 §3.1).
//
// All functions throw OpenSslError if OpenSSL fails.
#pragma once

#include <array>
#include <string_view>

#include "crypto/openssl.hpp"

namespace dkim::crypto {

using Digest = std::array<unsigned char, 32>;

class Sha256 {
 public:
  Sha256();
  // Copies the state, so that both can continue from here.
  Sha256(const Sha256& other);
  Sha256(Sha256&&) noexcept = default;
  Sha256& operator=(const Sha256&) = delete;
  Sha256& operator=(Sha256&&) noexcept = default;
  ~Sha256() = default;

  void update(std::string_view bytes);
  // Ends the hash. The object must not be used afterwards.
  Digest finish();

 private:
  EvpMdCtxPtr context_;
};

}  // namespace dkim::crypto
