// Splits a Postfix setting into words: a list with commas or white space between them. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "canon/text.hpp"

namespace dkim::keytool {

constexpr std::string_view word_separators = ", \t\r\n";

// Takes the next word off the front; returns nothing at the end.
inline std::optional<std::string_view> next_word(std::string_view& rest) {
  const auto begin = rest.find_first_not_of(word_separators);
  if (begin == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(begin);
  const auto word = rest.substr(0, rest.find_first_of(word_separators));
  rest.remove_prefix(word.size());
  return word;
}

// Returns whether the word is in the list, ignoring case.
inline bool has_word(std::string_view list, std::string_view wanted) {
  while (const auto word = next_word(list)) {
    if (canon::equal_ignoring_case(*word, wanted)) return true;
  }
  return false;
}

}  // namespace dkim::keytool
