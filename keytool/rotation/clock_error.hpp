// Finds out by the manifest whether the clock is wrong. Nothing fails.
#pragma once

#include <optional>

#include "crypto/store/manifest.hpp"

namespace dkim::keytool {

struct ClockError {
  const crypto::KeyEntry* key;  // the manifest's
  crypto::UtcTime time;         // of this key, and ahead of the clock
};

// Returns a time of the manifest that is more than a day ahead of the clock, if there is one. The clock may
// have run years ahead, or may run years behind, as one without a battery does: then all times that it gives
// are wrong. A person may set it by half a day.
std::optional<ClockError> clock_error(const crypto::Manifest& manifest, crypto::UtcTime now);

}  // namespace dkim::keytool
