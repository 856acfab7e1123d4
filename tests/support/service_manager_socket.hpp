// The service manager's end of $NOTIFY_SOCKET.
#pragma once

#include <sys/socket.h>

#include <array>
#include <string>

#include "tests/support/unix_socket.hpp"

namespace dkim::test {

class ServiceManagerSocket {
 public:
  // A name that begins with @ is in the abstract namespace.
  explicit ServiceManagerSocket(const std::string& name) : fd_(bound_socket(name, SOCK_DGRAM)) {}

  // Returns the next message, or "nothing" if none is waiting.
  std::string received() const {
    std::array<char, 64> buffer{};
    const ssize_t size = recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(buffer.data(), static_cast<std::size_t>(size));
  }

 private:
  crypto::FileDescriptor fd_;
};

}  // namespace dkim::test
