// A key store for fuzz targets that sign: the domain example.com with one active Ed25519 key, in a temporary
// directory.
#pragma once

#include <filesystem>
#include <vector>

#include "crypto/keys/private_key.hpp"

namespace dkim::test {

class SigningStore {
 public:
  SigningStore();
  ~SigningStore();
  SigningStore(const SigningStore&) = delete;
  SigningStore& operator=(const SigningStore&) = delete;

  const std::filesystem::path& directory() const { return directory_; }
  std::vector<unsigned char> public_key() const { return key_.public_key(); }

 private:
  std::filesystem::path directory_;
  crypto::PrivateKey key_;
};

// Makes the store at the first call; it exists until the process ends.
const SigningStore& signing_store();

}  // namespace dkim::test
