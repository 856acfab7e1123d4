// Memory for a library that cannot live without: libconfig 1.5 ends the process, or crashes it, where
// malloc(3) gives it nothing.
//
// Used by crypto/settings_reader. The octets are asked for first, where a refusal is an exception, and then
// left to malloc(3) in the calling thread's own arena, which does not give them back to the system meanwhile.
// Another thread of the same arena may take of them, where malloc(3) has one for all because address space is
// short: there are some megabytes more for those.
#pragma once

#include <cstddef>
#include <memory>

namespace dkim::crypto {

class MemoryReserve {
 public:
  // Throws std::bad_alloc if there are not so many octets.
  explicit MemoryReserve(std::size_t octets);

 private:
  struct Free {
    void operator()(void* block) const;
  };
  std::unique_ptr<void, Free> last_;  // above the others, and so keeps them from going back
};

}  // namespace dkim::crypto
