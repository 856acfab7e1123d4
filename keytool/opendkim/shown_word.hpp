// A word of somebody's file as it may be told of.
//
// Whoever may name the files that import reads as root must not see what stands in them: a word that is no
// name, address or path is told of by its line alone.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "canon/text.hpp"

namespace dkim::keytool::opendkim {

// Can it be a name of a domain, a host, a field, a setting or a key, an address, a network, or a pattern of
// them?
inline bool is_harmless_word(std::string_view word) {
  constexpr std::size_t longest = 254;
  constexpr std::string_view signs = "._-%*@!+/";
  return !word.empty() && word.size() <= longest && std::all_of(word.begin(), word.end(), [&](char c) {
    return canon::is_alnum(c) || signs.find(c) != std::string_view::npos ||
           static_cast<unsigned char>(c) >= 0x80;
  });
}

inline std::string shown_word(std::string_view word) {
  return is_harmless_word(word) ? std::string(word) : "(what stands there)";
}

}  // namespace dkim::keytool::opendkim
