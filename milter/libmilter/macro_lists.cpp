// Adds two empty entries behind libmilter's lists of macros.
//
// smfi_getsymval() steps through name, value, name, value until a null pointer. If an MTA sends a name
// without a value, it steps over that end and takes whatever follows the list for names: a peer can crash the
// process. The lists come from malloc(), which is replaced here; two null pointers behind each block end the
// list. A static libmilter is linked with --wrap (milter/CMakeLists.txt), and nobody else calls this. For a
// shared one, the program has a malloc() of its own: the dynamic linker takes it for every library.
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#ifdef DKIM_SHARED_LIBMILTER
#include <dlfcn.h>

#include <atomic>
#endif

// It is in milter/libmilter/served_connection, which is left out together with read-ahead.
extern "C" [[gnu::weak]] void dkim_libmilter_lacks_memory() noexcept;

// NOLINTBEGIN(bugprone-reserved-identifier): --wrap requires these names
extern "C" void* __real_malloc(std::size_t size);

namespace {

#ifdef DKIM_SHARED_LIBMILTER
// Calls the C library's. Before main() and from several threads, too: a second search does no harm.
void* real_malloc(std::size_t size) {
  using Malloc = void* (*)(std::size_t);
  static constinit std::atomic<Malloc> found = nullptr;
  Malloc next = found.load(std::memory_order_relaxed);
  if (next == nullptr) {
    next = reinterpret_cast<Malloc>(dlsym(RTLD_NEXT, "malloc"));
    if (next == nullptr) std::abort();  // there is none without a C library
    found.store(next, std::memory_order_relaxed);
  }
  return next(size);
}
#else
void* real_malloc(std::size_t size) {
  return __real_malloc(size);
}
#endif

void* malloc_with_end(std::size_t size) {
  constexpr std::size_t behind = 2 * sizeof(char*);
  if (size > SIZE_MAX - behind) {
    errno = ENOMEM;
    return nullptr;
  }
  void* block = real_malloc(size + behind);
  if (block != nullptr) {
    std::memset(static_cast<char*>(block) + size, 0, behind);
  } else if (dkim_libmilter_lacks_memory != nullptr) {
    dkim_libmilter_lacks_memory();
  }
  return block;
}

}  // namespace

extern "C" {

#ifdef DKIM_SHARED_LIBMILTER
void* malloc(std::size_t size) noexcept {
  return malloc_with_end(size);
}
#else
void* __wrap_malloc(std::size_t size) {
  return malloc_with_end(size);
}
#endif
// NOLINTEND(bugprone-reserved-identifier)

}  // extern "C"
