// The selector of a new key that takes an older one's place.
#pragma once

#include "crypto/store/manifest.hpp"
#include "crypto/utc_time.hpp"

namespace dkim::keytool {

// A selector that the domain never used: the old one's stem and the date, then "b", "c" and so on. "server"
// and "server-20260528" both become "server-20261124".
canon::Selector next_selector(const crypto::Manifest& manifest, const canon::Selector& old,
                              crypto::UtcTime now);

}  // namespace dkim::keytool
