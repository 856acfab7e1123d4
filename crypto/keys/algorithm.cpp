#include "crypto/keys/algorithm.hpp"

namespace dkim::crypto {

std::string_view key_name(Algorithm algorithm) {
  return algorithm == Algorithm::rsa ? "rsa" : "ed25519";
}

std::optional<Algorithm> algorithm_from_key_name(std::string_view name) {
  if (name == "rsa") return Algorithm::rsa;
  if (name == "ed25519") return Algorithm::ed25519;
  return std::nullopt;
}

std::string_view signature_name(Algorithm algorithm) {
  return algorithm == Algorithm::rsa ? "rsa-sha256" : "ed25519-sha256";
}

}  // namespace dkim::crypto
