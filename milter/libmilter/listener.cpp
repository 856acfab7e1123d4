// Handles connections that arrive when descriptors or memory have run out.
//
// libmilter's listener calls accept() again at once, as fast as the processor can, when no descriptor is
// left, and ends the daemon after some connections for which there was no memory. Linked with --wrap
// (milter/CMakeLists.txt), its accept() comes here. A connection for which there is not enough is closed: the
// MTA defers its mail and tries again, which is better than a wait. Some descriptors are kept back for key
// files, so that the existing connections go on.
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

// Enough for two files in each thread, if the limit is high enough.
constexpr rlim_t kept_for_files = 512;

// What libmilter and we need for a connection, and a reserve, in bytes.
constexpr std::size_t memory_of_connection = 64UL * 1024;

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

// Closes the connection and returns like accept(2), with an error that libmilter ignores.
int refuse(int descriptor, Trouble trouble) {
  close(descriptor);
  troubles().note(trouble);
  errno = EMFILE;
  return -1;
}

// Waits a moment, since libmilter would try again at once; the connection stays in the queue.
void wait_a_moment(Trouble trouble) {
  constexpr int moment = 100;  // milliseconds
  troubles().note(trouble);
  poll(nullptr, 0, moment);
}

}  // namespace

int last_accepted() noexcept {
  return last_descriptor;
}

}  // namespace dkim::milter

extern "C" {

// NOLINTBEGIN(bugprone-reserved-identifier): --wrap requires these names
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
    wait_a_moment(Trouble::descriptors);
    errno = error;
  } else if (error == ENOMEM || error == ENOBUFS) {
    wait_a_moment(Trouble::memory);
    errno = error;
  }
  last_descriptor = descriptor;
  return descriptor;
}
// NOLINTEND(bugprone-reserved-identifier)

}  // extern "C"
