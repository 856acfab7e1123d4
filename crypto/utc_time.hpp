// Times as manifests and reports write them: UTC, to the second (RFC 3339).
//
// A text that is not such a time yields nothing; nothing here throws.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace dkim::crypto {

using UtcTime = std::chrono::sys_seconds;

UtcTime utc_now();
// Returns "2026-11-24T06:00:00Z".
std::string to_string(UtcTime time);
// Reads exactly that form; returns nothing for any other text.
std::optional<UtcTime> parse_utc_time(std::string_view text);

}  // namespace dkim::crypto
