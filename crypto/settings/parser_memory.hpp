// Memory for libconfig, which ends or crashes the process if malloc(3) fails.
//
// The memory for one file is allocated before libconfig begins, when a failure is an exception, and freed in
// one piece after the last use of the parsed file. Other threads cannot take it meanwhile. libconfig's calls
// of malloc(3) and related functions come here because the build renames them in a copy of the library's
// archive (crypto/CMakeLists.txt). The calls of a shared library go to the C library as usual; then it is
// certain only that as much memory as the text takes was there.
#pragma once

#include <cstddef>

namespace dkim::crypto {

class ParserMemory {
 public:
  // Throws std::bad_alloc if so many bytes are not available.
  explicit ParserMemory(std::size_t bytes);
  ParserMemory(const ParserMemory&) = delete;
  ParserMemory& operator=(const ParserMemory&) = delete;
  ~ParserMemory();

  // While an object exists, libconfig takes its memory in this thread from here. At most one at a time.
  class Use {
   public:
    explicit Use(ParserMemory& memory) noexcept;
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use();
  };

  // Returns null if the rest is not enough. The memory is aligned for any type and zero, since no part of it
  // is given out twice.
  void* take(std::size_t bytes) noexcept;
  std::size_t taken() const noexcept { return taken_; }

 private:
  char* begin_;
  std::size_t size_;
  std::size_t taken_ = 0;
};

}  // namespace dkim::crypto
