#include "milter/body_watch.hpp"

#include <algorithm>
#include <cstring>

namespace dkim::milter {
namespace {

// Counts in pieces whose count fits a byte: the compiler then adds up vectors of bytes, where it would
// otherwise widen each one to 64 bits first. Every body goes through here, several times faster than through
// the hash.
std::uint64_t count_lines(std::string_view text) {
  constexpr std::size_t piece = 240;
  std::uint64_t lines = 0;
  for (; text.size() >= piece; text.remove_prefix(piece)) {
    unsigned char in_piece = 0;
    for (std::size_t i = 0; i < piece; ++i)
      in_piece = static_cast<unsigned char>(in_piece + (text[i] == '\n' ? 1 : 0));
    lines += in_piece;
  }
  return lines + static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

// Looks in pieces: the compiler vectorizes the inner loop, and the answer is known early.
std::size_t find_eight_bit(std::string_view text) {
  constexpr std::size_t piece = 256;
  for (std::size_t start = 0; start < text.size(); start += piece) {
    const std::string_view part = text.substr(start, piece);
    unsigned char bits = 0;
    for (const char c : part)
      bits |= static_cast<unsigned char>(c);
    if (bits < 0x80) continue;
    const auto at =
        std::find_if(part.begin(), part.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
    return start + static_cast<std::size_t>(at - part.begin());
  }
  return std::string_view::npos;
}

}  // namespace

void BodyWatch::update(std::string_view chunk) {
  if (chunk.empty()) return;
  if (!long_line_) look_for_long_line(chunk);
  if (!eight_bit_line_) look_for_eight_bit(chunk);
  // Lines are counted as long as a line number may still be needed.
  if (!long_line_ || !eight_bit_line_) lines_before_ += count_lines(chunk);
}

// Looks for the last line end within reach instead of for every one, so that most bytes are never touched.
void BodyWatch::look_for_long_line(std::string_view chunk) {
  std::size_t start = 0;  // where the current line begins in this chunk
  while (start < chunk.size()) {
    // The line may have longest_line_ bytes and then CRLF.
    const std::size_t reach = longest_line_ + 2 - std::min(line_length_, longest_line_ + 2);
    const std::string_view window = chunk.substr(start, reach);
    const void* found = window.empty() ? nullptr : memrchr(window.data(), '\n', window.size());
    if (found == nullptr) {
      line_length_ += window.size();
      if (window.size() == reach) {
        long_line_ = lines_before_ + count_lines(chunk.substr(0, start)) + 1;
        return;
      }
      break;
    }
    start += static_cast<std::size_t>(static_cast<const char*>(found) - window.data()) + 1;
    line_length_ = 0;
  }
}

void BodyWatch::look_for_eight_bit(std::string_view chunk) {
  const std::size_t at = find_eight_bit(chunk);
  if (at != std::string_view::npos) eight_bit_line_ = lines_before_ + count_lines(chunk.substr(0, at)) + 1;
}

}  // namespace dkim::milter
