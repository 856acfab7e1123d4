// Two empty entries more behind libmilter's lists of macros.
//
// smfi_getsymval() steps through name, value, name, value to a null pointer. Where an MTA sends a name
// without a value, it steps over that end and takes whatever stands behind the list for names: the process
// dies of what a peer has sent. The lists come from malloc(); linked with --wrap (milter/CMakeLists.txt),
// that of a static libmilter comes here, and what is behind each block ends the list.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

// Of milter/libmilter/served_connection, which is left out together with read-ahead.
extern "C" [[gnu::weak]] void dkim_libmilter_lacks_memory() noexcept;

extern "C" {

// NOLINTBEGIN(bugprone-reserved-identifier): the names that --wrap asks for
void* __real_malloc(std::size_t size);

void* __wrap_malloc(std::size_t size) {
  constexpr std::size_t behind = 2 * sizeof(char*);
  if (size > SIZE_MAX - behind) return nullptr;
  void* block = __real_malloc(size + behind);
  if (block != nullptr) {
    std::memset(static_cast<char*>(block) + size, 0, behind);
  } else if (dkim_libmilter_lacks_memory != nullptr) {
    dkim_libmilter_lacks_memory();
  }
  return block;
}
// NOLINTEND(bugprone-reserved-identifier)

}  // extern "C"
