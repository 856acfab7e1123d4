// What a fuzz target says when a property does not hold. Not assert: that one goes away with NDEBUG.
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
