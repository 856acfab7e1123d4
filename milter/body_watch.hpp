// Looks at a body as it streams by for what will break the signature after Postfix has handed the message
// on: lines that the SMTP client cuts, and octets that are recoded for a server without 8BITMIME.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace dkim::milter {

// RFC 5321 §4.5.3.1.6, and Postfix's smtp_line_length_limit.
constexpr std::size_t longest_line = 998;

class BodyWatch {
 public:
  void update(std::string_view chunk);

  // Numbers of lines of the body, from 1.
  std::optional<std::uint64_t> long_line() const { return long_line_; }
  std::optional<std::uint64_t> eight_bit_line() const { return eight_bit_line_; }

 private:
  void look_for_long_line(std::string_view chunk);
  void look_for_eight_bit(std::string_view chunk);

  std::uint64_t lines_before_ = 0;  // complete lines before the current chunk
  std::size_t line_length_ = 0;     // of the line that the current chunk goes on with
  std::optional<std::uint64_t> long_line_;
  std::optional<std::uint64_t> eight_bit_line_;
};

}  // namespace dkim::milter
