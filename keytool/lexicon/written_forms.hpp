// The forms in which a program that got a secret may print it.
#pragma once

#include <vector>

#include "crypto/secret.hpp"

namespace dkim::keytool {

// Returns each secret as it is, in a URL, as Python's and JSON's text, and in base64, alone and as one half
// of "user:password"; the longest first, since one may be part of another. Throws std::bad_alloc only.
std::vector<crypto::Secret> written_forms(const std::vector<crypto::Secret>& secrets);

}  // namespace dkim::keytool
