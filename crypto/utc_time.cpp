#include "crypto/utc_time.hpp"

#include <fmt/format.h>

#include <ctime>

#include "canon/text.hpp"

namespace dkim::crypto {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view form = "0000-00-00T00:00:00Z";

bool has_form(std::string_view text) {
  if (text.size() != form.size()) return false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] == '0' ? !canon::is_digit(text[i]) : text[i] != form[i]) return false;
  }
  return true;
}

unsigned number(std::string_view digits) {
  unsigned value = 0;
  for (const char c : digits)
    value = value * 10 + static_cast<unsigned>(c - '0');
  return value;
}

}  // namespace

UtcTime utc_now() {
  // The standard library's clock is compiled into it, and on some 32-bit systems it ends in 2038.
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return UtcTime(seconds(now.tv_sec));
}

// The calendar of the standard library: time_t and struct tm may end in 2038, and nanoseconds end in 2262.
std::string to_string(UtcTime time) {
  const auto day = floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::optional<UtcTime> parse_utc_time(std::string_view text) {
  if (!has_form(text)) return std::nullopt;
  const auto at = [&](std::size_t place, std::size_t digits) { return number(text.substr(place, digits)); };
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(at(0, 4))),
                                         std::chrono::month(at(5, 2)), std::chrono::day(at(8, 2)));
  const unsigned hour = at(11, 2);
  const unsigned minute = at(14, 2);
  const unsigned second = at(17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return std::chrono::sys_days(date) + hours(hour) + minutes(minute) + seconds(second);
}

}  // namespace dkim::crypto
