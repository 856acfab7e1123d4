// A private key that comes through a pipe, and leaves no file behind.
#pragma once

#include "crypto/secret.hpp"

namespace dkim::keytool::opendkim {

// All of a descriptor's octets, up to what a key may have; the memory is cleansed when they go. Throws
// StoreError: more than that, nothing at all, or a read error.
crypto::Secret read_key_from(int descriptor);

}  // namespace dkim::keytool::opendkim
