#include "keytool/notify/mime_message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <span>

#include "canon/text.hpp"
#include "crypto/base64.hpp"

namespace dkim::keytool {
namespace {

// RFC 5322 §2.1.1 allows 998 bytes in a line.
constexpr std::size_t longest_line = 990;
// RFC 2045 §6.8
constexpr std::size_t base64_line = 76;

std::string plain(std::string text) {
  for (char& c : text) {
    if (c != '\n' && c != '\t' && (canon::is_control(c) || !canon::is_ascii(c))) c = '?';
  }
  return text;
}

// A header field cannot have a second line.
std::string one_line(std::string text) {
  text = plain(std::move(text));
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

bool has_long_line(std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size() - 1);
    if (end > longest_line) return true;
    text.remove_prefix(end + 1);
  }
  return false;
}

// The canonical form of text has CRLF (RFC 2045 §6.8).
std::string with_crlf(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

std::string in_base64(std::string_view text) {
  const auto bytes = with_crlf(text);
  const auto encoded =
      crypto::base64_encode(std::span(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
  std::string out;
  for (std::size_t at = 0; at < encoded.size(); at += base64_line)
    out += encoded.substr(at, base64_line) + "\n";
  return out;
}

// Returns the fields that describe a part, an empty line, and the part.
std::string part(const std::string& text, const std::string& file_name) {
  const auto content = plain(text);
  const bool is_long = has_long_line(content);
  std::string disposition;
  if (!file_name.empty())
    disposition = fmt::format("Content-Disposition: attachment; filename=\"{}\"\n", file_name);
  return fmt::format(
      "Content-Type: text/plain; charset=us-ascii\n"
      "Content-Transfer-Encoding: {}\n"
      "{}\n{}",
      is_long ? "base64" : "7bit", disposition, is_long ? in_base64(content) : content);
}

}  // namespace

std::string message_date(crypto::UtcTime time) {
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000",
                     days.at(std::chrono::weekday(day).c_encoding()), static_cast<unsigned>(date.day()),
                     months.at(static_cast<unsigned>(date.month()) - 1), static_cast<int>(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string mime_text(const MimeMessage& message) {
  const auto header = fmt::format(
      "From: {}\nTo: {}\nSubject: {}\nDate: {}\nMessage-ID: <{}>\n"
      "Auto-Submitted: auto-generated\nMIME-Version: 1.0\n",
      one_line(message.from), one_line(message.to), one_line(message.subject), message_date(message.date),
      one_line(message.message_id));
  if (!message.attachment) return header + part(message.text, {});
  return fmt::format(
      "{}Content-Type: multipart/mixed; boundary=\"{}\"\n"
      "\n"
      "--{}\n{}\n"
      "--{}\n{}\n"
      "--{}--\n",
      header, message.boundary, message.boundary, part(message.text, {}), message.boundary,
      part(message.attachment->text, message.attachment->file_name), message.boundary);
}

}  // namespace dkim::keytool
