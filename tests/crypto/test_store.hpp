// A key store in a temporary directory, and keys and files for it. Throws std::runtime_error if a file cannot
// be written.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "canon/domain_name.hpp"
#include "canon/selector.hpp"
#include "crypto/keys/private_key.hpp"
#include "crypto/store/key_store.hpp"
#include "crypto/store/manifest.hpp"

namespace dkim::test {

class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

canon::DomainName domain_name(std::string_view text);
canon::Selector selector(std::string_view text);
crypto::Secret secret(std::string_view text);

// Return one key of each kind for the whole test program, because making RSA keys takes time.
const crypto::PrivateKey& rsa_key();
const crypto::PrivateKey& other_rsa_key();
const crypto::PrivateKey& ed25519_key();

void write_file(const std::filesystem::path& path, std::string_view content, unsigned mode = 0640);
std::string read_file(const std::filesystem::path& path);
// Returns the names in the directory, sorted.
std::vector<std::string> names_in(const std::filesystem::path& directory);

crypto::KeyEntry entry_of(std::string_view selector_name, const crypto::PrivateKey& key,
                          crypto::KeyState state);

// A key store in a temporary directory.
class TestStore {
 public:
  TestStore() : store_(directory_.path()) {}

  const crypto::KeyStore& store() const { return store_; }
  std::filesystem::path path(std::string_view relative) const { return directory_.path() / relative; }

  // Adds a key by a transaction, as dkimkey does.
  void add(std::string_view domain, std::string_view selector_name, const crypto::PrivateKey& key,
           crypto::KeyState state = crypto::KeyState::active);
  // Adds a new active key that replaces an old one, which then retires, as after a turn.
  void replace(std::string_view domain, std::string_view old_selector, std::string_view new_selector,
               const crypto::PrivateKey& key);
  // Sets whether a domain signs for its subdomains.
  void set_subdomains(std::string_view domain, bool allowed);

 private:
  TemporaryDirectory directory_;
  crypto::KeyStore store_;
};

// Returns the message of an exception of this type, or "(nothing was thrown)".
template <typename Exception, typename Function>
std::string message_of(Function&& function) {
  try {
    function();
  } catch (const Exception& error) {
    return error.what();
  }
  return "(nothing was thrown)";
}

}  // namespace dkim::test
