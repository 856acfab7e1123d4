// Whether a new key may have its selector, and what becomes of the entry of a slot's last key when the next
// one takes its place. Every kind of DomainChange asks here.
#pragma once

#include "canon/domain_name.hpp"
#include "crypto/store/manifest.hpp"

namespace dkim::crypto {

// Removes the entry of the slot's last key, if it has one, and makes `next` the one after it: it gets the
// number of its use, and what resolvers may remember of the slot. The keys that succeeded the last one go on
// standing for those that it stood for, so a rule keeps its meaning. The caller adds `next` to the manifest.
void take_again(Manifest& manifest, KeyEntry& next);

// Makes `next` a key that the manifest can take: new, or the next one of a slot (take_again). Throws
// StoreError if the selector was ever used in this domain and is not a free slot. The caller adds `next` to
// the manifest.
void take_selector(Manifest& manifest, const canon::DomainName& domain, KeyEntry& next);

}  // namespace dkim::crypto
