#include "milter/self_probe.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <vector>

#include "crypto/file.hpp"

namespace dkim::milter {
namespace {

using Clock = std::chrono::steady_clock;
using Outcome = ProbeResult::Outcome;

ProbeResult not_answered(const std::string& reason) {
  return {Outcome::not_answered, reason};
}

ProbeResult failed_with(int error) {
  const bool forbidden = error == EACCES || error == EPERM || error == ENETUNREACH || error == EHOSTUNREACH;
  return {forbidden ? Outcome::not_allowed : Outcome::not_answered, std::generic_category().message(error)};
}

// Replaces "all addresses", which one can bind to but not connect to, by the loopback address.
void make_reachable(sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    auto& in = reinterpret_cast<sockaddr_in&>(address);
    if (in.sin_addr.s_addr == htonl(INADDR_ANY)) in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  } else {
    auto& in = reinterpret_cast<sockaddr_in6&>(address);
    if (IN6_IS_ADDR_UNSPECIFIED(&in.sin6_addr)) in.sin6_addr = in6addr_loopback;
  }
}

}  // namespace

SelfProbe::Target SelfProbe::unix_target(const std::filesystem::path& path) {
  Target target;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  target.size = sizeof address;
  std::memcpy(&target.address, &address, sizeof address);
  return target;
}

// The text is FAMILY:PORT@ADDRESS, as libmilter reads it: the address may be a name, or stand in brackets.
std::vector<SelfProbe::Target> SelfProbe::inet_targets(const std::string& text) {
  const auto colon = text.find(':');
  const auto at = text.find('@');
  const std::string port = text.substr(colon + 1, at - colon - 1);
  std::string host = text.substr(at + 1);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_family = text.starts_with("inet6:") ? AF_INET6 : AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  std::vector<Target> targets;
  for (const auto* entry = found; entry != nullptr; entry = entry->ai_next) {
    auto& target = targets.emplace_back();
    target.size = entry->ai_addrlen;
    std::memcpy(&target.address, entry->ai_addr, entry->ai_addrlen);
    make_reachable(target.address);
  }
  return targets;
}

// One conversation. Each step returns the result that ends it, or nothing if it went well.
class SelfProbe::Conversation {
 public:
  Conversation(const Target& target, Listener listener, Clock::time_point deadline, int stop)
      : target_(target),
        listener_(listener),
        deadline_(deadline),
        stop_(stop),
        socket_(::socket(target.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}

  ProbeResult run() {
    if (!socket_) return not_answered(std::generic_category().message(errno));
    if (const auto end = connect()) return *end;
    if (const auto end = another_listens()) return *end;
    if (const auto end = negotiate()) return *end;
    return {Outcome::answered, ""};
  }

 private:
  // Waits for these events on the socket, or just for the time to pass if events is 0. Polls two descriptors,
  // so that milter/libmilter/read_ahead leaves the call alone.
  std::optional<ProbeResult> wait(short events, Clock::time_point until) const {
    while (true) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
      if (left <= 0) return not_answered("no answer in time");
      std::array<pollfd, 2> wanted{{{stop_, POLLIN, 0}, {events == 0 ? -1 : socket_.get(), events, 0}}};
      const int ready = ::poll(wanted.data(), wanted.size(), static_cast<int>(left));
      if (wanted[0].revents != 0) return ProbeResult{Outcome::stopped, ""};
      if (ready > 0) return std::nullopt;
      if (ready < 0 && errno != EINTR) return not_answered(std::generic_category().message(errno));
    }
  }

  std::optional<ProbeResult> connect() const {
    while (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&target_.address), target_.size) != 0) {
      if (errno == EINPROGRESS) return finish_connect();
      if (errno != EAGAIN && errno != EINTR) return failed_with(errno);
      // The listener's queue is full, and there is no event for the moment when it no longer is.
      const auto next = Clock::now() + std::chrono::milliseconds(50);
      if (next >= deadline_) return not_answered("connections are not accepted");
      if (const auto end = wait(0, next); end && end->outcome == Outcome::stopped) return end;
    }
    return std::nullopt;
  }

  std::optional<ProbeResult> finish_connect() const {
    if (auto end = wait(POLLOUT, deadline_)) {
      // The kernel completes connections for a listener, whatever its process does: no answer means a packet
      // filter.
      if (end->outcome == Outcome::not_answered) end->outcome = Outcome::not_allowed;
      return end;
    }
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) return failed_with(error);
    return std::nullopt;
  }

  // A UNIX socket knows which process began to listen.
  std::optional<ProbeResult> another_listens() const {
    if (listener_ == Listener::any_process || target_.address.ss_family != AF_UNIX) return std::nullopt;
    ucred peer{};
    socklen_t length = sizeof peer;
    if (getsockopt(socket_.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
      return not_answered(std::generic_category().message(errno));
    if (peer.pid != getpid()) return not_answered("another process listens there");
    return std::nullopt;
  }

  // Sends a length, a letter, then version, actions and steps, each of them 32 bits with the highest byte
  // first. Offers the one action that we need (SMFIF_ADDHDRS), and no steps.
  std::optional<ProbeResult> negotiate() const {
    constexpr std::array<unsigned char, 17> question{0, 0, 0, 13, 'O', 0, 0, 0, 6, 0, 0, 0, 1, 0, 0, 0, 0};
    constexpr std::array<unsigned char, 5> quit{0, 0, 0, 1, 'Q'};
    if (const auto end = send(question)) return end;
    std::array<unsigned char, question.size()> answer{};
    if (const auto end = receive(answer)) return end;
    if (!std::equal(answer.begin(), answer.begin() + 5, question.begin()))
      return not_answered("the answer is not one to a negotiation");
    send(quit);
    return std::nullopt;
  }

  // The buffer of a new socket takes so few bytes at once.
  std::optional<ProbeResult> send(std::span<const unsigned char> bytes) const {
    const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return not_answered(std::generic_category().message(errno));
    return std::nullopt;
  }

  std::optional<ProbeResult> receive(std::span<unsigned char> bytes) const {
    while (!bytes.empty()) {
      if (const auto end = wait(POLLIN, deadline_)) return end;
      const auto count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
      if (count == 0) return not_answered("the connection was closed without an answer");
      if (count < 0 && errno != EAGAIN && errno != EINTR)
        return not_answered(std::generic_category().message(errno));
      if (count > 0) bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return std::nullopt;
  }

  const Target& target_;
  Listener listener_;
  Clock::time_point deadline_;
  int stop_;
  crypto::FileDescriptor socket_;
};

SelfProbe::SelfProbe(const SocketAddress& address, Listener listener)
    : targets_(address.is_unix() ? std::vector{unix_target(address.path())} : inet_targets(address.text)),
      listener_(listener) {}

ProbeResult SelfProbe::ask(std::chrono::milliseconds patience, int stop) const {
  const auto deadline = Clock::now() + patience;
  ProbeResult result{Outcome::not_allowed, "its address cannot be looked up"};
  // A name may have other addresses than the one that libmilter has bound.
  for (const auto& target : targets_) {
    result = Conversation(target, listener_, deadline, stop).run();
    if (result.outcome == Outcome::answered || result.outcome == Outcome::stopped) break;
  }
  return result;
}

}  // namespace dkim::milter
