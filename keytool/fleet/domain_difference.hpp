// Says how the state of one domain on this machine differs from the fleet's. Everything that differs is named
// with both sides, so that a person can choose; nothing here chooses.
//
// Values only; nothing fails but OpenSSL (OpenSslError).
#pragma once

#include <string>
#include <vector>

#include "crypto/store/domain_copy.hpp"
#include "crypto/store/manifest.hpp"

namespace dkim::keytool::fleet {

// One side, without its private keys.
struct DomainSide {
  crypto::Manifest manifest;
  // Tells the private keys of two sides apart: a digest of each one's public key, in the order of
  // manifest.keys. Empty for a key that is revoked.
  std::vector<std::string> keys;

  bool operator==(const DomainSide&) const = default;
};

// Throws OpenSslError.
std::string key_digest(const crypto::PrivateKey& key);

// state: with the private key of every entry that is not revoked.
DomainSide side_of(const crypto::DomainState& state);

// Returns one line for each thing that differs; none if the two are equal.
std::vector<std::string> differences_between(const DomainSide& here, const DomainSide& there);

// Returns the key's state with all its times: "active (created 2026-..., activated 2026-...)".
std::string key_text(const crypto::KeyEntry& entry);

}  // namespace dkim::keytool::fleet
