// What becomes of the entry of a slot's last key when the next one takes its place. Nothing fails.
#pragma once

#include "crypto/store/manifest.hpp"

namespace dkim::crypto {

// Removes the entry of the slot's last key, if it has one, and makes `next` the one after it: it gets the
// number of its use, and what resolvers may remember of the slot. The keys that succeeded the last one go on
// standing for those that it stood for, so a rule keeps its meaning. The caller adds `next` to the manifest.
void take_again(Manifest& manifest, KeyEntry& next);

}  // namespace dkim::crypto
