#include "keytool/rotation/clock_error.hpp"

namespace dkim::keytool {

std::optional<ClockError> clock_error(const crypto::Manifest& manifest, crypto::UtcTime now) {
  constexpr std::chrono::days tolerance{1};
  for (const auto& key : manifest.keys) {
    for (const auto& time : {std::optional(key.created), key.activated, key.retired, key.stopped, key.revoked,
                             key.emptied, key.forgotten}) {
      if (time && *time > now + tolerance) return ClockError{&key, *time};
    }
  }
  return std::nullopt;
}

}  // namespace dkim::keytool
