// The file of sealing keys, which every machine of a fleet has and the database never: libconfig text with a
// number and 32 bytes in Base64 for each key, 0640 or stricter. The highest number seals; all of them open.
//
//   sealing_keys = ( { number = 1; key = "..."; } );
//
// Immutable. Failures are KeyFileError for the file (missing, open to others: crypto/trusted_path, not such a
// file), with what to do.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "crypto/secret.hpp"

namespace dkim::crypto {

struct SealingKey {
  int number = 0;
  Secret bytes;  // 32

  // Tells two keys of one number apart, and says nothing of the key: the first 16 bytes of an HMAC-SHA-256 under
  // it, in hexadecimal digits.
  std::string fingerprint() const;
};

class SealingKeys {
 public:
  static SealingKeys read(const std::filesystem::path& path);
  explicit SealingKeys(std::vector<SealingKey> keys) : keys_(std::move(keys)) {}

  // In the order of their numbers; never empty if they were read.
  const std::vector<SealingKey>& all() const { return keys_; }
  const SealingKey& newest() const { return keys_.back(); }
  // Returns nullptr if there is none of that number.
  const SealingKey* find(int number) const;

 private:
  std::vector<SealingKey> keys_;
};

// Makes the file with a new random key of number 1, mode 0640. Throws StoreError if there is a file already.
SealingKey make_sealing_key_file(const std::filesystem::path& path);
// Adds a new random key with the next number to the file, which is replaced whole.
SealingKey add_sealing_key(const std::filesystem::path& path);
// Removes the keys below that number.
void remove_sealing_keys_below(const std::filesystem::path& path, int number);

}  // namespace dkim::crypto
