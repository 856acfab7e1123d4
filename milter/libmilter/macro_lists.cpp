// Adds two empty entries behind libmilter's lists of macros.
//
// smfi_getsymval() steps through name, value, name, value until a null pointer. If an MTA sends a name
// without a value, it steps over that end and takes whatever follows the list for names: a peer can crash the
// process. The lists come from malloc(). Linked with --wrap (milter/CMakeLists.txt), the malloc() of a static
// libmilter comes here, and two null pointers behind each block end the list.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

// It is in milter/libmilter/served_connection, which is left out together with read-ahead.
extern "C" [[gnu::weak]] void dkim_libmilter_lacks_memory() noexcept;

extern "C" {

// NOLINTBEGIN(bugprone-reserved-identifier): --wrap requires these names
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
