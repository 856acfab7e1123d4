#include "crypto/keys/algorithm.hpp"

namespace dkim::crypto {

std::string_view key_name(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::rsa:
      return "rsa";
    case Algorithm::ed25519:
      return "ed25519";
  }
  return "unknown";
}

std::optional<Algorithm> algorithm_from_key_name(std::string_view name) {
  for (const auto algorithm : all_algorithms) {
    if (name == key_name(algorithm)) return algorithm;
  }
  return std::nullopt;
}

std::string_view signature_name(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::rsa:
      return "rsa-sha256";
    case Algorithm::ed25519:
      return "ed25519-sha256";
  }
  return "unknown";
}

BitsRange bits_range(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::rsa:
      return {min_rsa_bits, max_rsa_bits};
    case Algorithm::ed25519:
      return {ed25519_bits, ed25519_bits};
  }
  return {};
}

}  // namespace dkim::crypto
