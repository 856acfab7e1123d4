// Quotes text as a word of the shell (POSIX.1 2.2), for commands that are printed to be pasted. Never fails.
#pragma once

#include <string>
#include <string_view>

#include "canon/text.hpp"

namespace dkim::crypto {

// Returns the text in single quotes.
inline std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text)
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// Returns the text unchanged if it has no special meaning to the shell; otherwise in single quotes.
inline std::string shell_word(std::string_view text) {
  constexpr std::string_view harmless = "/._-+:@%,";
  bool plain = !text.empty();
  for (const char c : text)
    plain = plain && (canon::is_alnum(c) || harmless.find(c) != std::string_view::npos);
  return plain ? std::string(text) : shell_quoted(text);
}

}  // namespace dkim::crypto
