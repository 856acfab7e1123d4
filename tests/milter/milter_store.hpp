// A key store for a test, written as dkimkey writes one, and the public keys that a verifier finds in DNS.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/store/key_store.hpp"
#include "tests/crypto/test_store.hpp"
#include "tests/support/signature_check.hpp"

namespace dkim::test {

class MilterStore {
 public:
  MilterStore() = default;

  const std::filesystem::path& path() const { return directory_.path(); }
  const PublicKeys& public_keys() const { return public_keys_; }

  // Adds a key. RSA keys have 1024 bits, because their size does not matter here.
  void add_key(std::string_view domain, std::string_view selector,
               crypto::Algorithm algorithm = crypto::Algorithm::ed25519,
               crypto::KeyState state = crypto::KeyState::active);
  void set_subdomains(std::string_view domain, bool subdomains);
  // Makes these keys active and all others retiring, in one write, as a rotation does.
  void activate_only(std::string_view domain, const std::vector<std::string>& selectors);

  // Does what dkimkey revoke does: a new key is active, the old one is revoked, and its private key is
  // destroyed.
  void revoke(std::string_view domain, std::string_view old_selector, std::string_view new_selector);

  // Waits until the manifest is too old to be replaced within the same tick of the clock: keys are kept then.
  // Throws std::runtime_error if that does not happen.
  void let_settle(std::string_view domain) const;

  std::filesystem::path key_file(std::string_view domain, std::string_view selector) const;
  std::filesystem::path manifest(std::string_view domain) const;

 private:
  TemporaryDirectory directory_;
  PublicKeys public_keys_;
};

}  // namespace dkim::test
