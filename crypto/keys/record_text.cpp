#include "crypto/keys/record_text.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdio>

namespace dkim::crypto {
namespace {

constexpr std::size_t max_txt_string = 255;
// The strings in a zone file are kept to a readable width.
constexpr std::size_t zone_piece = 64;

bool is_plain(char c) {
  return c >= ' ' && c < 0x7f;
}

std::string escaped(const char* format, char c) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), format, static_cast<unsigned>(static_cast<unsigned char>(c)));
  return text.data();
}

std::vector<std::string> pieces(std::string_view text, std::size_t size) {
  std::vector<std::string> out;
  do {
    out.emplace_back(text.substr(0, size));
    text.remove_prefix(out.back().size());
  } while (!text.empty());
  return out;
}

std::string zone_line(std::string_view name, const NamedRecord& record) {
  std::string out(name);
  out += " " + std::to_string(record.ttl) + " IN TXT (";
  for (const auto& piece : pieces(record.value, zone_piece))
    out += "\n\t" + quoted_string(piece);
  return out + " )\n";
}

}  // namespace

std::vector<std::string> txt_strings(std::string_view value) {
  return pieces(value, max_txt_string);
}

std::string quoted_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (!is_plain(c)) {
      out += escaped("\\%03u", c);
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + "\"";
}

std::string strings_text(const NamedRecord& record) {
  std::string out;
  for (const auto& piece : txt_strings(record.value))
    out += (out.empty() ? "" : " ") + quoted_string(piece);
  return out + "\n";
}

std::string zone_text(const NamedRecord& record) {
  return zone_line(record.name + ".", record);
}

std::string relative_zone_text(const NamedRecord& record, std::string_view relative_name) {
  return zone_line(relative_name, record);
}

std::string tinydns_text(const NamedRecord& record) {
  // tinydns-data splits the text into strings itself; ":" ends a field, "\" begins an octal escape.
  std::string out = "'" + record.name + ":";
  for (const char c : record.value) {
    if (!is_plain(c) || c == ':' || c == '\\') {
      out += escaped("\\%03o", c);
    } else {
      out += c;
    }
  }
  return out + ":" + std::to_string(record.ttl) + "\n";
}

std::string nsupdate_text(const NamedRecord& record) {
  const std::string name = record.name + ".";
  return fmt::format("update delete {0} TXT\nupdate add {0} {1} TXT {2}send\n", name, record.ttl,
                     strings_text(record));
}

}  // namespace dkim::crypto
