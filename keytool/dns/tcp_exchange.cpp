#include "keytool/dns/tcp_exchange.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "keytool/system/socket_address.hpp"

namespace dkim::keytool {
namespace {

using Clock = std::chrono::steady_clock;

// A socket that never waits beyond the deadline.
class Connection {
 public:
  explicit Connection(Clock::time_point deadline) : deadline_(deadline) {}
  ~Connection() {
    if (socket_ >= 0) close(socket_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool open(const ServerAddress& server) {
    const auto address = socket_address(server.address, server.port);
    socket_ = socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket_ < 0) return false;
    if (connect(socket_, address.get(), address.size) == 0) return true;
    if (errno != EINPROGRESS || !wait(POLLOUT)) return false;
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
  }

  bool send_all(std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
      } else if (!goes_on(POLLOUT)) {
        return false;
      }
    }
    return true;
  }

  bool receive_all(std::span<std::uint8_t> bytes) {
    while (!bytes.empty()) {
      const ssize_t received = recv(socket_, bytes.data(), bytes.size(), 0);
      if (received == 0) return false;
      if (received > 0) {
        bytes = bytes.subspan(static_cast<std::size_t>(received));
      } else if (!goes_on(POLLIN)) {
        return false;
      }
    }
    // Checked here too: if data was always ready, wait() was never called.
    return Clock::now() < deadline_;
  }

 private:
  // Returns whether a call that failed is worth repeating, after waiting for the socket if need be.
  bool goes_on(short events) {
    if (errno == EINTR) return true;
    return (errno == EAGAIN || errno == EWOULDBLOCK) && wait(events);
  }

  bool wait(short events) {
    while (true) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
      if (left.count() <= 0) return false;
      pollfd entry{socket_, events, 0};
      const int ready = poll(&entry, 1, static_cast<int>(left.count()));
      if (ready > 0) return true;
      if (ready == 0 || errno != EINTR) return false;
    }
  }

  Clock::time_point deadline_;
  int socket_ = -1;
};

}  // namespace

std::vector<std::uint8_t> exchange_over_tcp(const ServerAddress& server, std::span<const std::uint8_t> query,
                                            std::chrono::milliseconds at_most) {
  // The length goes in the same packet as the message (RFC 7766 §8).
  constexpr std::size_t length_size = 2;
  std::vector<std::uint8_t> framed(length_size + query.size());
  framed[0] = static_cast<std::uint8_t>(query.size() >> 8);
  framed[1] = static_cast<std::uint8_t>(query.size());
  std::copy(query.begin(), query.end(), framed.begin() + length_size);

  Connection connection(Clock::now() + at_most);
  std::uint8_t length[length_size];
  if (!connection.open(server) || !connection.send_all(framed) || !connection.receive_all(length)) return {};
  std::vector<std::uint8_t> answer(static_cast<std::size_t>(length[0]) << 8 | length[1]);
  if (!connection.receive_all(answer)) return {};
  return answer;
}

}  // namespace dkim::keytool
