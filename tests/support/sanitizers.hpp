// Lets a test skip itself if it cannot run under a sanitizer:
//
//   if (is_sanitized) GTEST_SKIP() << "a sanitizer needs more address space than can be limited";
//
// In Python: tests/keytool/sanitizers.py.
#pragma once

namespace dkim::test {

// Whether this is a build with AddressSanitizer or ThreadSanitizer.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif

}  // namespace dkim::test
