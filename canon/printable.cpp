#include "canon/printable.hpp"

namespace dkim::canon {
namespace {

std::string escape(std::string_view text, std::size_t limit, char lowest_plain) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out;
  for (const char c : text.substr(0, limit)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\\') {
      out += "\\\\";
    } else if (byte >= static_cast<unsigned char>(lowest_plain) && byte < 0x7f) {
      out += c;
    } else {
      out += "\\x";
      out += hex[byte >> 4U];
      out += hex[byte & 15U];
    }
  }
  if (text.size() > limit) out += "...";
  return out;
}

}  // namespace

std::string printable(std::string_view text, std::size_t limit) {
  return escape(text, limit, ' ');
}

std::string printable_word(std::string_view text, std::size_t limit) {
  return escape(text, limit, '!');
}

}  // namespace dkim::canon
