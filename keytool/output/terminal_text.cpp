#include "keytool/output/terminal_text.hpp"

#include <fmt/format.h>

#include <iterator>

#include "canon/text.hpp"

namespace dkim::keytool {
namespace {

unsigned byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

bool is_continuation(unsigned byte) {
  return (byte & 0xc0U) == 0x80U;
}

bool in_range(unsigned byte, unsigned first, unsigned last) {
  return byte >= first && byte <= last;
}

// RFC 3629 §4: the range of the second byte excludes overlong forms, surrogates and what is past U+10FFFF.
bool is_second_byte(unsigned first, unsigned second) {
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

std::size_t size_by_first_byte(unsigned first) {
  if (first < 0x80) return 1;
  if (in_range(first, 0xc2, 0xdf)) return 2;
  if (in_range(first, 0xe0, 0xef)) return 3;
  if (in_range(first, 0xf0, 0xf4)) return 4;
  return 0;
}

std::string escaped(std::string_view bytes) {
  std::string out;
  for (const char c : bytes)
    fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
  return out;
}

}  // namespace

std::size_t utf8_sequence_size(std::string_view text) {
  if (text.empty()) return 0;
  const unsigned first = byte_at(text, 0);
  const std::size_t size = size_by_first_byte(first);
  if (size == 0 || size > text.size()) return 0;
  if (size > 1 && !is_second_byte(first, byte_at(text, 1))) return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if (!is_continuation(byte_at(text, i))) return 0;
  }
  return size;
}

bool is_c1_control(std::string_view sequence) {
  return sequence.size() == 2 && byte_at(sequence, 0) == 0xc2 && byte_at(sequence, 1) < 0xa0;
}

std::string terminal_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t size = utf8_sequence_size(text);
    const std::string_view sequence = text.substr(0, size == 0 ? 1 : size);
    if (size == 0 || canon::is_control(sequence.front()) || is_c1_control(sequence)) {
      out += escaped(sequence);
    } else {
      out += sequence;
    }
    text.remove_prefix(sequence.size());
  }
  return out;
}

}  // namespace dkim::keytool
