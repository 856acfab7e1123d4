// UNIX sockets of a test's own. Throws std::runtime_error if one cannot be made.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>

#include "crypto/file.hpp"

namespace dkim::test {

class UnixAddress {
 public:
  // A path that begins with @ is a name in the abstract namespace.
  explicit UnixAddress(const std::string& path)
      : size_(static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size())) {
    if (path.size() >= sizeof address_.sun_path) throw std::runtime_error("too long for a socket: " + path);
    address_.sun_family = AF_UNIX;
    path.copy(address_.sun_path, path.size());
    if (path.starts_with('@')) address_.sun_path[0] = '\0';
  }

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
  socklen_t size() const { return size_; }

 private:
  sockaddr_un address_{};
  socklen_t size_;
};

// Returns a socket of the type (SOCK_STREAM, SOCK_DGRAM) that is bound to the path. One that takes
// connections listens, with a queue of that length.
inline crypto::FileDescriptor bound_socket(const std::string& path, int type = SOCK_STREAM, int queue = 1) {
  const UnixAddress address(path);
  crypto::FileDescriptor fd(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  if (::bind(fd.get(), address.get(), address.size()) != 0 ||
      (type != SOCK_DGRAM && ::listen(fd.get(), queue) != 0))
    throw std::runtime_error("cannot bind " + path + ": " + std::strerror(errno));
  return fd;
}

}  // namespace dkim::test
