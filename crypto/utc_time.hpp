// Times as manifests and reports write them: UTC, to the second.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace dkim::crypto {

using UtcTime = std::chrono::sys_seconds;

UtcTime utc_now();
// "2026-11-24T06:00:00Z"
std::string to_string(UtcTime time);
// Nothing for anything but that form.
std::optional<UtcTime> parse_utc_time(std::string_view text);

}  // namespace dkim::crypto
