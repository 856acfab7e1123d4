// Saves system calls below libmilter by reading all that the MTA has sent in one go.
//
// libmilter reads each packet in two parts and polls up to three times for it. Postfix sends two packets for
// each header field, so a small message takes some 150 system calls, more time than an Ed25519 signature.
// This file sits between libmilter and the kernel: linked with --wrap (milter/CMakeLists.txt), the daemon's
// poll(), read() and close() come here. A poll for input takes what the socket has, and the reads that follow
// are served from it. Everything else passes through unchanged.
//
// A libmilter that is compiled with _FORTIFY_SOURCE calls poll and read by other names, which take the size
// of the buffer as well. These come here too. A name that is not wrapped would wait in the kernel for bytes
// that are already here, so CMake looks at what libmilter.a calls (milter/libmilter/libmilter_fit.cmake) and
// leaves this file out if it finds a name that it does not know.
//
// milter/libmilter/served_connection handles the connections that milter/libmilter/worker_pool serves. For
// all other ones, which a libmilter without a pool has, the bytes are kept for each thread. That is enough
// because a worker of libmilter stays with a connection as long as anything can be read from it (mi_engine
// calls poll before it hands the connection back, and poll says yes while bytes are left here), and closes
// the connection itself when it ends.
#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "milter/libmilter/served_connection.hpp"

namespace {

class ReadAhead {
 public:
  bool holds_bytes_of(int descriptor) const { return descriptor == descriptor_ && begin_ < end_; }

  // Takes what the socket has, without waiting. Does nothing for other descriptors, which have no
  // MSG_DONTWAIT, and while bytes of another socket are held.
  bool fill(int descriptor) {
    if (descriptor_ >= 0 && descriptor != descriptor_ && begin_ < end_) return false;
    const ssize_t count = ::recv(descriptor, bytes_.data(), bytes_.size(), MSG_DONTWAIT);
    if (count <= 0) return false;
    descriptor_ = descriptor;
    begin_ = 0;
    end_ = static_cast<std::size_t>(count);
    return true;
  }

  std::size_t take(void* buffer, std::size_t size) {
    const std::size_t count = std::min(size, end_ - begin_);
    std::memcpy(buffer, bytes_.data() + begin_, count);
    begin_ += count;
    return count;
  }

  // Forgets a descriptor that is closed: its number may come back as another connection.
  void forget(int descriptor) {
    if (descriptor == descriptor_) descriptor_ = -1;
  }

 private:
  int descriptor_ = -1;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  // Enough for an alert with its header and body; large bodies are read past it.
  std::array<char, 8192> bytes_;
};

thread_local ReadAhead read_ahead;

bool asks_for_input_only(const pollfd* descriptors, nfds_t count) {
  return count == 1 && (descriptors->events & POLLIN) != 0 && (descriptors->events & POLLOUT) == 0;
}

}  // namespace

extern "C" {

// NOLINTBEGIN(bugprone-reserved-identifier): --wrap requires these names
int __real_poll(pollfd* descriptors, nfds_t count, int timeout);
ssize_t __real_read(int descriptor, void* buffer, std::size_t size);
int __real___poll_chk(pollfd* descriptors, nfds_t count, int timeout, std::size_t room);
ssize_t __real___read_chk(int descriptor, void* buffer, std::size_t size, std::size_t room);
ssize_t __real_writev(int descriptor, const iovec* parts, int count);
int __real_close(int descriptor);

int __wrap_poll(pollfd* descriptors, nfds_t count, int timeout) {
  if (count == 1 && dkim::milter::serves(descriptors->fd))
    return dkim::milter::poll_served(*descriptors, timeout);
  if (!asks_for_input_only(descriptors, count)) return __real_poll(descriptors, count, timeout);
  if (!read_ahead.holds_bytes_of(descriptors->fd) && !read_ahead.fill(descriptors->fd)) {
    const int ready = __real_poll(descriptors, count, timeout);
    if (ready != 1 || descriptors->revents != POLLIN || !read_ahead.fill(descriptors->fd)) return ready;
  }
  descriptors->revents = POLLIN;
  return 1;
}

ssize_t __wrap_read(int descriptor, void* buffer, std::size_t size) {
  if (dkim::milter::serves(descriptor)) return dkim::milter::read_served(buffer, size);
  if (!read_ahead.holds_bytes_of(descriptor)) return __real_read(descriptor, buffer, size);
  std::size_t count = read_ahead.take(buffer, size);
  if (count < size) {
    // The rest of a large packet goes straight to its place.
    const ssize_t more = ::recv(descriptor, static_cast<char*>(buffer) + count, size - count, MSG_DONTWAIT);
    if (more > 0) count += static_cast<std::size_t>(more);
  }
  return static_cast<ssize_t>(count);
}

// Room is the size of the buffer, in bytes. If it is too small, the real function ends the process.
int __wrap___poll_chk(pollfd* descriptors, nfds_t count, int timeout, std::size_t room) {
  if (room / sizeof *descriptors < count) return __real___poll_chk(descriptors, count, timeout, room);
  return __wrap_poll(descriptors, count, timeout);
}

ssize_t __wrap___read_chk(int descriptor, void* buffer, std::size_t size, std::size_t room) {
  if (room < size) return __real___read_chk(descriptor, buffer, size, room);
  return __wrap_read(descriptor, buffer, size);
}

ssize_t __wrap_writev(int descriptor, const iovec* parts, int count) {
  if (dkim::milter::serves(descriptor)) return dkim::milter::write_served(parts, count);
  return __real_writev(descriptor, parts, count);
}

int __wrap_close(int descriptor) {
  read_ahead.forget(descriptor);
  return __real_close(descriptor);
}
// NOLINTEND(bugprone-reserved-identifier)

}  // extern "C"
