#include "keytool/cli/time_option.hpp"

#include "keytool/cli/errors.hpp"

namespace dkim::keytool {

std::optional<crypto::UtcTime> time_option(const ParsedOptions& options) {
  const auto text = options.text("at");
  if (!text) return std::nullopt;
  const auto time = crypto::parse_utc_time(*text);
  if (!time) throw UsageError("--at is not a UTC time; the form is 2026-11-24T06:00:00Z");
  return time;
}

}  // namespace dkim::keytool
