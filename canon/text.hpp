// Small functions on characters and text that all parsers share. They ignore the locale and never fail.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dkim::canon {

// WSP of RFC 5234: SP and HTAB. VT and FF are not white space in RFC 6376.
constexpr bool is_wsp(char c) {
  return c == ' ' || c == '\t';
}
// The characters of folding white space (RFC 6376 §2.8).
constexpr bool is_fws(char c) {
  return is_wsp(c) || c == '\r' || c == '\n';
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_alnum(char c) {
  return is_digit(c) || is_alpha(c);
}
constexpr bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}
constexpr bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}
constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

// Returns the value of a hexadecimal digit, in either case; nothing for another character.
constexpr std::optional<unsigned> hex_digit(char c) {
  const char lower = to_lower(c);
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  if (lower >= 'a' && lower <= 'f') return static_cast<unsigned>(lower - 'a') + 10;
  return std::nullopt;
}

// Returns true for the name of a header field (RFC 5322 §3.6.8) that h= can list: without ":" and ";".
bool is_field_name(std::string_view name);

std::string lower_case(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);
// Returns the text without WSP, CR and LF at both ends.
std::string_view trim_fws(std::string_view text);
// Returns the text without any WSP, CR and LF: base64 values may be folded anywhere (RFC 6376 §3.5).
std::string without_fws(std::string_view text);
// Returns true if the text matches a pattern in which * matches any bytes, even none. Case matters. Takes
// time linear in the lengths in the usual case, and their product in the worst case.
bool matches_wildcard(std::string_view pattern, std::string_view text);

}  // namespace dkim::canon
