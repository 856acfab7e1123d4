// Reads a private key from a pipe, so that it leaves no file behind.
#pragma once

#include "crypto/secret.hpp"

namespace dkim::keytool::opendkim {

// Reads a descriptor to its end; the memory is cleansed when the result goes. Throws StoreError if there is
// nothing, more than a key can have, or a read error.
crypto::Secret read_key_from(int descriptor);

}  // namespace dkim::keytool::opendkim
