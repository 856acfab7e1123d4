#include "keytool/output/terminal_text.hpp"

#include "canon/text.hpp"

namespace dkim::keytool {
namespace {

unsigned octet_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

bool is_continuation(unsigned octet) {
  return (octet & 0xc0U) == 0x80U;
}

bool in_range(unsigned octet, unsigned first, unsigned last) {
  return octet >= first && octet <= last;
}

// RFC 3629 §4: the second octet's range shuts out overlong forms, surrogates and what is past U+10FFFF.
bool is_second_octet(unsigned first, unsigned second) {
  switch (first) {
    case 0xe0:
      return in_range(second, 0xa0, 0xbf);
    case 0xed:
      return in_range(second, 0x80, 0x9f);
    case 0xf0:
      return in_range(second, 0x90, 0xbf);
    case 0xf4:
      return in_range(second, 0x80, 0x8f);
    default:
      return is_continuation(second);
  }
}

std::size_t size_by_first_octet(unsigned first) {
  if (first < 0x80) return 1;
  if (in_range(first, 0xc2, 0xdf)) return 2;
  if (in_range(first, 0xe0, 0xef)) return 3;
  if (in_range(first, 0xf0, 0xf4)) return 4;
  return 0;
}

// U+0080 to U+009F: control characters to terminals that take them.
bool is_c1_control(std::string_view sequence) {
  return sequence.size() == 2 && octet_at(sequence, 0) == 0xc2 && octet_at(sequence, 1) < 0xa0;
}

void append_escaped(std::string& out, std::string_view octets) {
  constexpr std::string_view hex = "0123456789abcdef";
  for (const char c : octets) {
    const auto octet = static_cast<unsigned char>(c);
    out += "\\x";
    out += hex[octet >> 4U];
    out += hex[octet & 15U];
  }
}

}  // namespace

std::size_t utf8_sequence_size(std::string_view text) {
  if (text.empty()) return 0;
  const unsigned first = octet_at(text, 0);
  const std::size_t size = size_by_first_octet(first);
  if (size == 0 || size > text.size()) return 0;
  if (size > 1 && !is_second_octet(first, octet_at(text, 1))) return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if (!is_continuation(octet_at(text, i))) return 0;
  }
  return size;
}

std::string terminal_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t size = utf8_sequence_size(text);
    const std::string_view sequence = text.substr(0, size == 0 ? 1 : size);
    if (size == 0 || canon::is_control(sequence.front()) || is_c1_control(sequence)) {
      append_escaped(out, sequence);
    } else {
      out += sequence;
    }
    text.remove_prefix(sequence.size());
  }
  return out;
}

}  // namespace dkim::keytool
