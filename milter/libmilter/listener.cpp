// Connections that come when descriptors or memory have run out.
//
// libmilter's listener asks again at once when accept() has no descriptor left, as fast as the processor can,
// and ends the daemon when it has had no memory for a number of connections. Linked with --wrap
// (milter/CMakeLists.txt), its accept() comes here. A connection for which there is not enough is closed: the
// MTA puts its mail off and tries again, which is better than to let it wait. Some descriptors are left for
// the keys, so that the connections that there are go on.
#include "milter/libmilter/listener.hpp"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <new>

#include "milter/troubles.hpp"

namespace dkim::milter {
namespace {

thread_local int last_descriptor = -1;

// Two files for each of the threads that may want them, as far as there are enough.
constexpr rlim_t kept_for_files = 512;

// libmilter's and our own for a connection, and something more.
constexpr std::size_t memory_of_connection = 64 * 1024;

bool is_kept_for_files(int descriptor) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  return static_cast<rlim_t>(descriptor) >= limit.rlim_cur - std::min(kept_for_files, limit.rlim_cur / 4);
}

bool has_memory() {
  void* const memory = ::operator new(memory_of_connection, std::nothrow);
  ::operator delete(memory);
  return memory != nullptr;
}

// As accept(2), with the errors of which libmilter makes nothing.
int refuse(int descriptor, Trouble trouble) {
  close(descriptor);
  troubles().note(trouble);
  errno = EMFILE;
  return -1;
}

// The connection stays in the queue. Waits, since it would be tried again at once.
void wait_for_better_times(Trouble trouble) {
  constexpr int some_time = 100;  // milliseconds
  troubles().note(trouble);
  poll(nullptr, 0, some_time);
}

}  // namespace

int last_accepted() noexcept {
  return last_descriptor;
}

}  // namespace dkim::milter

extern "C" {

// NOLINTBEGIN(bugprone-reserved-identifier): the names that --wrap asks for
int __real_accept(int listening, sockaddr* address, socklen_t* size);

int __wrap_accept(int listening, sockaddr* address, socklen_t* size) {
  using namespace dkim::milter;
  int descriptor = __real_accept(listening, address, size);
  const int error = errno;
  if (descriptor >= 0) {
    if (is_kept_for_files(descriptor)) {
      descriptor = refuse(descriptor, Trouble::descriptors);
    } else if (!has_memory()) {
      descriptor = refuse(descriptor, Trouble::memory);
    }
  } else if (error == EMFILE || error == ENFILE) {
    wait_for_better_times(Trouble::descriptors);
    errno = error;
  } else if (error == ENOMEM || error == ENOBUFS) {
    wait_for_better_times(Trouble::memory);
    errno = error;
  }
  last_descriptor = descriptor;
  return descriptor;
}
// NOLINTEND(bugprone-reserved-identifier)

}  // extern "C"
