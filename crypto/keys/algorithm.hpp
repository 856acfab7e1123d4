// The two kinds of key. The algorithm of a signature follows from the key; there is no setting for it. Never
// fails.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace dkim::crypto {

enum class Algorithm { rsa, ed25519 };

inline constexpr std::array all_algorithms = {Algorithm::rsa, Algorithm::ed25519};

// Returns the name in k=, in manifests and on the command line: "rsa", "ed25519".
std::string_view key_name(Algorithm algorithm);
std::optional<Algorithm> algorithm_from_key_name(std::string_view name);

// Returns the name in a=: "rsa-sha256" (RFC 6376 §3.3.1), "ed25519-sha256" (RFC 8463 §3).
std::string_view signature_name(Algorithm algorithm);

// RFC 8301 §3.2 requires at least 1024 bits, and verifiers that accept up to 4096. We refuse more than 8192.
constexpr int min_rsa_bits = 1024;
constexpr int max_rsa_bits = 8192;
constexpr int default_rsa_bits = 2048;
constexpr int ed25519_bits = 256;

struct BitsRange {
  int least;
  int most;
};

// Returns the sizes that a key which signs may have.
BitsRange bits_range(Algorithm algorithm);

}  // namespace dkim::crypto
