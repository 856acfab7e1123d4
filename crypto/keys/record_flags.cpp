#include "crypto/keys/record_flags.hpp"

#include <algorithm>

#include "canon/tag_list.hpp"

namespace dkim::crypto {

bool RecordFlags::allows_sha256() const {
  if (hashes.empty()) return true;
  const auto list = canon::split_colons(hashes);
  return std::find(list.begin(), list.end(), "sha256") != list.end();
}

}  // namespace dkim::crypto
