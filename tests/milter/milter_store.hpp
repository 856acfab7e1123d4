// A key store for a test, made as dkimkey makes one, and what a verifier would find in DNS for it.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/store/key_store.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::test {

// Public keys by (domain, selector), as p= carries them.
using PublicKeys = std::map<std::pair<std::string, std::string>, std::vector<unsigned char>>;

class MilterStore {
 public:
  MilterStore() = default;

  const std::filesystem::path& path() const { return directory_.path(); }
  const PublicKeys& public_keys() const { return public_keys_; }

  // RSA keys are of 1024 bits: the size is not what is tested here.
  void add_key(std::string_view domain, std::string_view selector,
               crypto::Algorithm algorithm = crypto::Algorithm::ed25519,
               crypto::KeyState state = crypto::KeyState::active);
  void set_subdomains(std::string_view domain, bool subdomains);
  // Every state in one write, as a rotation does it: selectors that are not named become retiring.
  void activate_only(std::string_view domain, const std::vector<std::string>& selectors);

  // As dkimkey revoke does it: a new key is active, the old one revoked, and its private key destroyed.
  void revoke(std::string_view domain, std::string_view old_selector, std::string_view new_selector);

  std::filesystem::path key_file(std::string_view domain, std::string_view selector) const;
  std::filesystem::path manifest(std::string_view domain) const;

 private:
  TemporaryDirectory directory_;
  PublicKeys public_keys_;
};

}  // namespace dkim::test
