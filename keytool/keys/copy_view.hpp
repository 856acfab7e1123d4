// Says which view a command gives that only reads: in a fleet, this machine's copy and how old it is.
#pragma once

#include "crypto/store/key_store.hpp"

namespace dkim::keytool {

// Writes one line to standard error if the key directory belongs to a fleet, and nothing otherwise. What
// keeps it from being known is a line, too, and never a failure.
void print_copy_view(const crypto::KeyStore& store);

}  // namespace dkim::keytool
