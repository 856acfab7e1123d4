// A key store and a log for fuzz targets that sign. The store has the domain example.com with one active
// Ed25519 key, in a temporary directory.
#pragma once

#include <filesystem>

#include "crypto/keys/private_key.hpp"
#include "milter/log.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/support/signature_check.hpp"

namespace dkim::test {

class SigningStore {
 public:
  SigningStore();
  ~SigningStore();
  SigningStore(const SigningStore&) = delete;
  SigningStore& operator=(const SigningStore&) = delete;

  const std::filesystem::path& directory() const { return directory_; }
  // Returns the public keys that a verifier finds in DNS.
  PublicKeys public_keys() const { return {{{"example.com", "s"}, key_.public_key()}}; }

 private:
  std::filesystem::path directory_;
  crypto::PrivateKey key_;
};

// Returns the one store of the process, which is created at the first call.
const SigningStore& signing_store();

// Takes the place of a log.
inline void require_plain_line(milter::LogLevel /*level*/, const std::string& line) {
  require_plain(line, "a log line is one line of plain text");
}

}  // namespace dkim::test
