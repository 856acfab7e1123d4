// Chooses the selector of a key's successor. Never fails.
#pragma once

#include "crypto/store/manifest.hpp"
#include "crypto/utc_time.hpp"

namespace dkim::keytool {

// Returns a selector that the domain has never used: the stem of the old one and the date, followed by "b",
// "c" and so on if that is taken. "server" and "server-20260528" both become "server-20261124".
canon::Selector next_selector(const crypto::Manifest& manifest, const canon::Selector& old,
                              crypto::UtcTime now);

}  // namespace dkim::keytool
