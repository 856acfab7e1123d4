// Memory for libconfig, which ends the process, or crashes it, where malloc(3) gives it nothing.
//
// Used by crypto/settings/settings_reader. The memory for one file is taken from the system before libconfig
// begins, where a refusal is an exception, and goes back in one piece after the last use of what was parsed.
// Other threads cannot take it meanwhile. libconfig's calls of malloc(3) and its kin come here because the
// build gives them other names in a copy of the library's archive (crypto/CMakeLists.txt); a shared library's
// calls go to the C library as ever, and then only the length of the text is known to be there.
#pragma once

#include <cstddef>

namespace dkim::crypto {

class ParserMemory {
 public:
  // Throws std::bad_alloc if there are not so many bytes.
  explicit ParserMemory(std::size_t bytes);
  ParserMemory(const ParserMemory&) = delete;
  ParserMemory& operator=(const ParserMemory&) = delete;
  ~ParserMemory();

  // For as long as it lives, libconfig in this thread takes its memory from here. One at a time.
  class Use {
   public:
    explicit Use(ParserMemory& memory) noexcept;
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use();
  };

  // Returns null if the rest does not suffice. Aligned for anything; zero, since nothing is taken twice.
  void* take(std::size_t bytes) noexcept;
  std::size_t taken() const noexcept { return taken_; }

 private:
  char* begin_;
  std::size_t size_;
  std::size_t taken_ = 0;
};

}  // namespace dkim::crypto
