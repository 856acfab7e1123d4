#include "keytool/messages/damage/quoted_printable.hpp"

#include "canon/text.hpp"
#include "keytool/messages/damage/lines.hpp"

namespace dkim::keytool {
namespace {

int hex_digit(char c) {
  if (canon::is_digit(c)) return c - '0';
  const char lower = canon::to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Decodes one line with its line end, which a soft line break removes.
std::string decode_line(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '=') {
      out += line[i];
    } else if (line.substr(i) == "=\r\n") {
      return out;
    } else if (i + 2 < line.size() && hex_digit(line[i + 1]) >= 0 && hex_digit(line[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(line[i + 1]) * 16 + hex_digit(line[i + 2]));
      i += 2;
    } else {
      out += '=';
    }
  }
  return out;
}

}  // namespace

std::string decode_quoted_printable(std::string_view body) {
  std::string out;
  out.reserve(body.size());
  while (!body.empty())
    out += decode_line(take_line(body));
  return out;
}

std::string decode_parts(std::string_view body) {
  enum class Place { plain, header, decoding } place = Place::plain;
  constexpr std::string_view name = "content-transfer-encoding:";
  std::string out;
  out.reserve(body.size());
  while (!body.empty()) {
    const std::string_view line = take_line(body);
    if (line.starts_with("--")) {
      place = Place::plain;
    } else if (place == Place::plain && canon::equal_ignoring_case(line.substr(0, name.size()), name) &&
               canon::equal_ignoring_case(canon::trim_fws(line.substr(name.size())), "quoted-printable")) {
      place = Place::header;
      out += line.substr(0, name.size());
      out += " 8bit\r\n";
      continue;
    } else if (place == Place::header && line == "\r\n") {
      place = Place::decoding;
      out += line;
      continue;
    }
    out += place == Place::decoding ? decode_line(line) : std::string(line);
  }
  return out;
}

}  // namespace dkim::keytool
