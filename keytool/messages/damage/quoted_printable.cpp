#include "keytool/messages/damage/quoted_printable.hpp"

#include "canon/text.hpp"
#include "keytool/messages/damage/lines.hpp"

namespace dkim::keytool {
namespace {

// Decodes one line with its line end, which a soft line break removes.
std::string decode_line(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line.substr(i) == "=\r\n") return out;
    const bool may_begin_code = line[i] == '=' && i + 2 < line.size();
    const auto high = may_begin_code ? canon::hex_digit(line[i + 1]) : std::nullopt;
    const auto low = may_begin_code ? canon::hex_digit(line[i + 2]) : std::nullopt;
    if (high && low) {
      out += static_cast<char>(*high * 16 + *low);
      i += 2;
    } else {
      out += line[i];
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
