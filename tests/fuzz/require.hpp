// Ends a fuzz target with a message if a property does not hold. Unlike assert, it also works with NDEBUG.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace dkim::test {

inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property violated: %s\n", property);
  std::abort();
}

// Requires that the text is one line of printable ASCII.
inline void require_plain(std::string_view text, const char* property) {
  for (const char c : text)
    require(c >= ' ' && c < 0x7f, property);
}

}  // namespace dkim::test
