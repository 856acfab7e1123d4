#include "crypto/utc_time.hpp"

#include <array>
#include <ctime>

namespace dkim::crypto {
namespace {
constexpr const char* format = "%Y-%m-%dT%H:%M:%SZ";
}  // namespace

UtcTime utc_now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

std::string to_string(UtcTime time) {
  // Not by system_clock::to_time_t: that counts nanoseconds on the way, which end in 2262.
  const std::time_t seconds = time.time_since_epoch().count();
  std::tm broken_down{};
  gmtime_r(&seconds, &broken_down);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &broken_down)};
}

std::optional<UtcTime> parse_utc_time(std::string_view text) {
  const std::string terminated(text);
  std::tm broken_down{};
  const char* end = strptime(terminated.c_str(), format, &broken_down);
  if (end == nullptr || end != terminated.c_str() + text.size()) return std::nullopt;
  const UtcTime time(std::chrono::seconds(timegm(&broken_down)));
  // strptime is lenient (a missing digit, 31 February); what does not read back the same is refused.
  if (to_string(time) != text) return std::nullopt;
  return time;
}

}  // namespace dkim::crypto
