// Ends a fuzz target with a message if a property does not hold. Unlike assert, it also works with NDEBUG.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace dkim::test {

inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property violated: %s\n", property);
  std::abort();
}

}  // namespace dkim::test
