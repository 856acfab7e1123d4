// Decides which words of a file may be shown.
//
// Whoever may name the files that import reads as root must not learn what is in them: a word that is not a
// name, an address or a path is identified by its line alone.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "canon/text.hpp"

namespace dkim::keytool::opendkim {

// Returns whether the word can be the name of a domain, host, field, setting or key, an address, a network,
// or a pattern of these.
inline bool is_harmless_word(std::string_view word) {
  constexpr std::size_t longest = 254;
  constexpr std::string_view signs = "._-%*@!+/";
  return !word.empty() && word.size() <= longest && std::all_of(word.begin(), word.end(), [&](char c) {
    return canon::is_alnum(c) || signs.find(c) != std::string_view::npos ||
           static_cast<unsigned char>(c) >= 0x80;
  });
}

// Returns the word, or a phrase in its place.
inline std::string shown_word(std::string_view word) {
  return is_harmless_word(word) ? std::string(word) : "(what is there)";
}

}  // namespace dkim::keytool::opendkim
