// Watches a body as it streams by for what will break the signature when the MTA sends the message on: lines
// that its SMTP client cuts, and 8-bit bytes, which it recodes for a server without 8BITMIME.
//
// Never throws, and keeps nothing of the body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace dkim::milter {

class BodyWatch {
 public:
  // longest_line: that the MTA does not cut, in bytes, without CRLF.
  explicit BodyWatch(std::size_t longest_line) : longest_line_(longest_line) {}

  // Takes the next chunk, with CRLF line ends.
  void update(std::string_view chunk);

  // Return the number of the first such line, counted from 1; nothing if there is none.
  std::optional<std::uint64_t> long_line() const { return long_line_; }
  std::optional<std::uint64_t> eight_bit_line() const { return eight_bit_line_; }

 private:
  void look_for_long_line(std::string_view chunk);
  void look_for_eight_bit(std::string_view chunk);

  std::size_t longest_line_;
  std::uint64_t lines_before_ = 0;  // complete lines before the current chunk
  std::size_t line_length_ = 0;     // of the line that the current chunk continues, so far
  std::optional<std::uint64_t> long_line_;
  std::optional<std::uint64_t> eight_bit_line_;
};

}  // namespace dkim::milter
