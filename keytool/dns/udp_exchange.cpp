#include "keytool/dns/udp_exchange.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "crypto/file.hpp"
#include "keytool/system/socket_address.hpp"

namespace dkim::keytool {
namespace {

using Clock = std::chrono::steady_clock;

// The most that a datagram can carry.
constexpr std::size_t largest_datagram = 65535;

bool wait_for_datagram(int socket, Clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    pollfd entry{socket, POLLIN, 0};
    const int ready = poll(&entry, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

}  // namespace

std::vector<std::uint8_t> exchange_over_udp(const ServerAddress& server, std::span<const std::uint8_t> query,
                                            std::chrono::milliseconds at_most) {
  const auto deadline = Clock::now() + at_most;
  const auto address = socket_address(server.address, server.port);
  const crypto::FileDescriptor socket(
      ::socket(address.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  // The kernel chooses a random port for us, and drops what comes from another address or port.
  if (socket.get() < 0 || connect(socket.get(), address.get(), address.size) != 0) return {};
  if (send(socket.get(), query.data(), query.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(query.size()))
    return {};

  std::vector<std::uint8_t> answer(largest_datagram);
  while (wait_for_datagram(socket.get(), deadline)) {
    const ssize_t received = recv(socket.get(), answer.data(), answer.size(), 0);
    if (received > 0) {
      answer.resize(static_cast<std::size_t>(received));
      return answer;
    }
    // An empty datagram, or one with a wrong checksum, says nothing.
    if (received < 0 && errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) return {};
  }
  return {};
}

}  // namespace dkim::keytool
