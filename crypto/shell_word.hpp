// Text as a word of the shell's (POSIX.1 2.2), for the commands that are printed to be pasted.
#pragma once

#include <string>
#include <string_view>

#include "canon/text.hpp"

namespace dkim::crypto {

// In single quotes, whatever it holds.
inline std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text)
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// As it is where the shell takes it for itself, else in quotes.
inline std::string shell_word(std::string_view text) {
  constexpr std::string_view harmless = "/._-+:@%,";
  bool plain = !text.empty();
  for (const char c : text)
    plain = plain && (canon::is_alnum(c) || harmless.find(c) != std::string_view::npos);
  return plain ? std::string(text) : shell_quoted(text);
}

}  // namespace dkim::crypto
