#include "tests/support/milter_connection.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <libmilter/mfdef.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

namespace dkim::test {

namespace {

using Clock = std::chrono::steady_clock;
using Kind = MilterError::Kind;

constexpr std::size_t length_bytes = MILTER_LEN_BYTES;
// A body chunk below this size is copied and sent together with the end of the message.
constexpr std::size_t copy_limit = 16384;
// No reply of a milter is longer; a larger length means that the framing is lost.
constexpr std::uint32_t largest_reply = 1 << 24;

[[noreturn]] void throw_errno(const char* what) {
  const int error = errno;
  const Kind kind = error == EAGAIN || error == EINPROGRESS ? Kind::timeout
                    : error == EPIPE || error == ECONNRESET ? Kind::closed
                                                            : Kind::system;
  throw MilterError(kind, std::string(what) + ": " + std::strerror(error));
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

SocketAddress parse_endpoint(const std::string& endpoint) {
  SocketAddress result;
  const std::size_t colon = endpoint.find(':');
  const std::string kind = endpoint.substr(0, colon);
  const std::string rest = colon == std::string::npos ? "" : endpoint.substr(colon + 1);
  if (kind == "unix" || kind == "local") {
    auto& address = reinterpret_cast<sockaddr_un&>(result.storage);
    address.sun_family = AF_UNIX;
    if (rest.empty() || rest.size() >= sizeof address.sun_path) {
      throw MilterError(Kind::system, "socket path empty or too long: " + endpoint);
    }
    rest.copy(address.sun_path, rest.size());
    result.size = sizeof address;
    return result;
  }
  const std::size_t at = rest.find('@');
  const std::string host = at == std::string::npos ? "127.0.0.1" : rest.substr(at + 1);
  std::uint16_t port = 0;
  const char* port_end = rest.data() + std::min(at, rest.size());
  const bool port_valid = std::from_chars(rest.data(), port_end, port).ptr == port_end && port > 0;
  auto& v4 = reinterpret_cast<sockaddr_in&>(result.storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(result.storage);
  if (port_valid && kind == "inet" && inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    result.size = sizeof v4;
  } else if (port_valid && kind == "inet6" && inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    result.size = sizeof v6;
  } else {
    throw MilterError(Kind::system, "not unix:PATH, inet:PORT@HOST or inet6:PORT@HOST: " + endpoint);
  }
  return result;
}

}  // namespace

MilterConnection::MilterConnection(const std::string& endpoint, Milliseconds timeout) {
  const SocketAddress address = parse_endpoint(endpoint);
  socket_ = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) {
    throw_errno("socket");
  }
  const timeval limit{timeout.count() / 1000, (timeout.count() % 1000) * 1000};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (address.storage.ss_family != AF_UNIX) {
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0) {
    const int error = errno;
    close();
    errno = error;
    throw_errno(("connect to " + endpoint).c_str());
  }
}

MilterConnection::~MilterConnection() {
  close();
}

MilterConnection::MilterConnection(MilterConnection&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      out_(std::move(other.out_)),
      in_(std::move(other.in_)),
      in_start_(std::exchange(other.in_start_, 0)) {}

MilterConnection& MilterConnection::operator=(MilterConnection&& other) noexcept {
  if (this != &other) {
    close();
    socket_ = std::exchange(other.socket_, -1);
    out_ = std::move(other.out_);
    in_ = std::move(other.in_);
    in_start_ = std::exchange(other.in_start_, 0);
  }
  return *this;
}

void MilterConnection::close() {
  if (socket_ >= 0) {
    ::close(socket_);
    socket_ = -1;
  }
}

std::string MilterConnection::packet(char command, std::string_view payload) {
  const std::uint32_t length = htonl(static_cast<std::uint32_t>(payload.size() + 1));
  std::string result(reinterpret_cast<const char*>(&length), sizeof length);
  result += command;
  result += payload;
  return result;
}

void MilterConnection::put(char command, std::string_view payload) {
  if (payload.size() < copy_limit) {
    out_ += packet(command, payload);
    if (out_.size() >= 4 * copy_limit) {
      flush();
    }
    return;
  }
  const std::uint32_t length = htonl(static_cast<std::uint32_t>(payload.size() + 1));
  out_.append(reinterpret_cast<const char*>(&length), sizeof length);
  out_ += command;
  write(payload);
}

void MilterConnection::put_raw(std::string_view bytes) {
  out_ += bytes;
  flush();
}

void MilterConnection::flush() {
  write({});
}

// Sends what is buffered, then `tail`.
void MilterConnection::write(std::string_view tail) {
  std::string_view head = out_;
  while (!head.empty() || !tail.empty()) {
    iovec parts[2] = {{const_cast<char*>(head.data()), head.size()},
                      {const_cast<char*>(tail.data()), tail.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    const ssize_t sent = ::sendmsg(socket_, &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) {
        continue;
      }
      out_.clear();
      throw_errno("send to the milter");
    }
    const std::size_t of_head = std::min(head.size(), static_cast<std::size_t>(sent));
    head.remove_prefix(of_head);
    tail.remove_prefix(static_cast<std::size_t>(sent) - of_head);
  }
  out_.clear();
}

void MilterConnection::fill() {
  char block[16384];
  while (true) {
    const ssize_t count = ::recv(socket_, block, sizeof block, 0);
    if (count > 0) {
      in_.erase(0, in_start_);
      in_start_ = 0;
      in_.append(block, static_cast<std::size_t>(count));
      return;
    }
    if (count == 0) {
      throw MilterError(Kind::closed, "the milter closed the connection");
    }
    if (errno != EINTR) {
      throw_errno("wait for the milter");
    }
  }
}

std::pair<char, std::string_view> MilterConnection::read_packet() {
  flush();
  while (in_.size() - in_start_ < length_bytes) {
    fill();
  }
  std::uint32_t length = 0;
  std::memcpy(&length, in_.data() + in_start_, sizeof length);
  length = ntohl(length);
  if (length == 0 || length > largest_reply) {
    throw MilterError(Kind::protocol, "reply with a length of " + std::to_string(length));
  }
  while (in_.size() - in_start_ < length_bytes + length) {
    fill();
  }
  const std::string_view whole = std::string_view(in_).substr(in_start_ + length_bytes, length);
  in_start_ += length_bytes + length;
  return {whole.front(), whole.substr(1)};
}

bool MilterConnection::readable_within(Milliseconds time) const {
  if (in_.size() > in_start_) {
    return true;
  }
  const Clock::time_point deadline = Clock::now() + time;
  while (true) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - Clock::now()).count();
    pollfd waiting{socket_, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::max<decltype(left)>(left, 0)));
    if (ready >= 0 || errno != EINTR) {
      return ready > 0;
    }
  }
}

bool MilterConnection::closed_within(Milliseconds time) {
  const Clock::time_point deadline = Clock::now() + time;
  in_.clear();
  in_start_ = 0;
  while (readable_within(std::chrono::ceil<Milliseconds>(deadline - Clock::now()))) {
    char block[4096];
    const ssize_t count = ::recv(socket_, block, sizeof block, MSG_DONTWAIT);
    if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN)) {
      return true;
    }
  }
  return false;
}

}  // namespace dkim::test
