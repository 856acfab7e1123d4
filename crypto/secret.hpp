// Bytes that must not stay in memory after use, such as the text of a private key. Throws std::bad_alloc and
// nothing else.
#pragma once

#include <openssl/crypto.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dkim::crypto {

// Overwrites memory before freeing it, also when a vector grows.
template <typename T>
struct CleansingAllocator {
  using value_type = T;
  CleansingAllocator() = default;
  template <typename U>
  explicit CleansingAllocator(const CleansingAllocator<U>&) {}

  T* allocate(std::size_t n) { return std::allocator<T>().allocate(n); }
  void deallocate(T* memory, std::size_t n) {
    OPENSSL_cleanse(memory, n * sizeof(T));
    std::allocator<T>().deallocate(memory, n);
  }
  bool operator==(const CleansingAllocator&) const { return true; }
};

using Secret = std::vector<char, CleansingAllocator<char>>;

// A text that may have secrets in it. A short one is in the object itself, which is not cleansed.
using SecretText = std::basic_string<char, std::char_traits<char>, CleansingAllocator<char>>;

inline std::string_view view(const Secret& secret) {
  return {secret.data(), secret.size()};
}

}  // namespace dkim::crypto
