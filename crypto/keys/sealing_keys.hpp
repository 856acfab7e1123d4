// The file of sealing keys, which every machine of a fleet has and the database never: libconfig text with a
// number and 32 bytes in Base64 for each key, 0640 or stricter. The highest number seals; all of them open.
//
//   sealing_keys = ( { number = 1; key = "..."; } );
//
// Immutable. Failures are KeyFileError for the file (missing, open to others: crypto/trusted_path, not such a
// file), with what to do. No message has anything of a key in it.
//
// Writers take turns by the lock file ".NAME.lock" beside the file, which stays. Killed anywhere, the file
// reads as before or as after, and what is left has a key only in a file that others cannot read; the next
// writer removes it. Their failures are StoreError, and KeyFileError for the file that is there.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/secret.hpp"

namespace dkim::crypto {

constexpr std::size_t sealing_key_bytes = 32;
constexpr int highest_sealing_key = 1'000'000;
// Each of them is tried by nothing and costs nothing, but nobody needs so many.
constexpr std::size_t most_sealing_keys = 64;

struct SealingKey {
  int number = 0;  // from 1
  Secret bytes;    // 32

  // Tells two keys of one number apart, and says nothing of the key: the first 16 bytes of an HMAC-SHA-256
  // under it, of "dkimsignd sealing key", in hexadecimal digits. Throws OpenSslError.
  std::string fingerprint() const;
};

class SealingKeys {
 public:
  static SealingKeys read(const std::filesystem::path& path);
  // Parses the text of such a file. name: that of the file, for the KeyFileError.
  static SealingKeys parse(std::string_view text, const std::string& name);
  explicit SealingKeys(std::vector<SealingKey> keys);

  // In the order of their numbers; never empty if they were read.
  const std::vector<SealingKey>& all() const { return keys_; }
  const SealingKey& newest() const { return keys_.back(); }
  // Returns nullptr if there is none of that number.
  const SealingKey* find(int number) const;
  // Returns the text of the file.
  Secret text() const;

 private:
  std::vector<SealingKey> keys_;
};

// Makes the file with a new random key of number 1, mode 0640. Throws StoreError if there is a file already.
SealingKey make_sealing_key_file(const std::filesystem::path& path);
// Adds a new random key with the next number to the file, which is replaced whole.
SealingKey add_sealing_key(const std::filesystem::path& path);
// Removes the keys below that number. Throws StoreError if none would be left; writes nothing if there are
// none to remove.
void remove_sealing_keys_below(const std::filesystem::path& path, int number);

}  // namespace dkim::crypto
