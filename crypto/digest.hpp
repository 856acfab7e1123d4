// SHA-256 of a stream: the only hash of DKIM that is not broken (RFC 8301 §3.1).
#pragma once

#include <array>
#include <string_view>

#include "crypto/openssl.hpp"

namespace dkim::crypto {

using Digest = std::array<unsigned char, 32>;

class Sha256 {
 public:
  Sha256();
  // A second hash that goes on from here.
  Sha256(const Sha256& other);
  Sha256(Sha256&&) noexcept = default;
  Sha256& operator=(const Sha256&) = delete;
  Sha256& operator=(Sha256&&) noexcept = default;
  ~Sha256() = default;

  // Throws OpenSslError.
  void update(std::string_view octets);
  // Ends the hash; the object is spent.
  Digest finish();

 private:
  EvpMdCtxPtr context_;
};

}  // namespace dkim::crypto
