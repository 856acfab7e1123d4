#include "keytool/doctor/host/socket_probe.hpp"

#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <span>
#include <sstream>

#include "canon/ip_address.hpp"
#include "crypto/file.hpp"

namespace dkim::keytool {
namespace {

using Clock = std::chrono::steady_clock;
using Outcome = SocketProbe::Outcome;

// What the child writes into the pipe. Everything it does must be safe in a forked process.
struct Report {
  Outcome outcome = Outcome::not_tried;
  int error = 0;
  ucred peer{0, static_cast<uid_t>(-1), static_cast<gid_t>(-1)};
};

int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::max<long long>(left, 0));
}

bool wait_for(int fd, short events, Clock::time_point deadline) {
  while (true) {
    pollfd entry{fd, events, 0};
    const int result = poll(&entry, 1, milliseconds_until(deadline));
    if (result > 0) return true;
    if (result == 0 || errno != EINTR) return false;
  }
}

// SMFIC_OPTNEG: a length, a letter, then version, actions and steps, each as 32 bits, highest byte first.
// Asks for version 6 and offers what Postfix offers.
constexpr std::array<unsigned char, 17> negotiation = {0, 0, 0, 13,  'O', 0,  0,   0,  6,
                                                       0, 0, 1, 255, 0,   31, 255, 255};
constexpr std::array<unsigned char, 5> quit = {0, 0, 0, 1, 'Q'};

bool read_bytes(int fd, std::span<unsigned char> bytes, Clock::time_point deadline) {
  std::size_t have = 0;
  while (have < bytes.size()) {
    if (!wait_for(fd, POLLIN, deadline)) return false;
    const auto size = read(fd, bytes.data() + have, bytes.size() - have);
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size <= 0) return false;
    have += static_cast<std::size_t>(size);
  }
  return true;
}

bool speaks_milter(int fd, Clock::time_point deadline) {
  // A socket's buffer holds so little at once.
  if (send(fd, negotiation.data(), negotiation.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(negotiation.size()))
    return false;
  // The answer has the same form; a newer one may add lists of macros.
  std::array<unsigned char, 5> head{};
  if (!read_bytes(fd, head, deadline)) return false;
  const auto size = (static_cast<unsigned>(head[0]) << 24U) | (static_cast<unsigned>(head[1]) << 16U) |
                    (static_cast<unsigned>(head[2]) << 8U) | head[3];
  if (head[4] != 'O' || size < 13 || size > 65536) return false;
  std::array<unsigned char, 12> numbers{};
  if (!read_bytes(fd, numbers, deadline)) return false;
  send(fd, quit.data(), quit.size(), MSG_NOSIGNAL);
  return true;
}

Report probe(int fd, const sockaddr* address, socklen_t size, Clock::time_point deadline) {
  Report report;
  if (fd < 0) {
    report.error = errno;
    return report;
  }
  report.outcome = Outcome::not_reachable;
  if (connect(fd, address, size) != 0) {
    report.error = errno;
    if (report.error != EINPROGRESS) return report;
    socklen_t length = sizeof report.error;
    if (!wait_for(fd, POLLOUT, deadline)) {
      report.error = ETIMEDOUT;
      return report;
    }
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &report.error, &length);
    if (report.error != 0) return report;
  }
  if (address->sa_family == AF_UNIX) {
    socklen_t length = sizeof report.peer;
    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &report.peer, &length);
  }
  report.outcome = speaks_milter(fd, deadline) ? Outcome::milter : Outcome::no_milter;
  return report;
}

Report probe_path(const std::filesystem::path& path, Clock::time_point deadline) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) return {Outcome::not_reachable, ENAMETOOLONG, {}};
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  // Non-blocking: a full queue of a listener that does not accept is EAGAIN at once.
  const crypto::FileDescriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return probe(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address, deadline);
}

// Runs in the child. Follows Postfix's chroot_uid(): first the root, then the groups, then the user.
int become(const ProbeUser& user, gid_t group) {
  if (!user.root.empty() && (chroot(user.root.c_str()) != 0 || chdir("/") != 0)) return errno;
  const auto& groups = user.credentials.groups;
  if (setgroups(groups.size(), groups.data()) != 0 || setgid(group) != 0 || setuid(user.credentials.uid) != 0)
    return errno;
  return 0;
}

SocketProbe result_of(const Report& report) {
  SocketProbe result{report.outcome, report.error, {}, {}};
  if (report.peer.uid != static_cast<uid_t>(-1)) {
    result.uid = report.peer.uid;
    if (report.peer.pid > 0) result.pid = report.peer.pid;
  }
  return result;
}

SocketProbe probe_in_child(const std::filesystem::path& path, const ProbeUser& user,
                           std::chrono::milliseconds patience) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return {Outcome::not_tried, errno, {}, {}};
  const crypto::FileDescriptor reading(ends[0]);
  const auto deadline = Clock::now() + patience;
  const gid_t group = user.credentials.groups.empty() ? static_cast<gid_t>(user.credentials.uid)
                                                      : user.credentials.groups.front();
  const pid_t child = fork();
  if (child == 0) {
    Report report;
    report.error = become(user, group);
    if (report.error == 0) report = probe_path(path, deadline);
    [[maybe_unused]] const auto written = write(ends[1], &report, sizeof report);
    _exit(0);
  }
  const int fork_error = errno;
  close(ends[1]);
  if (child < 0) return {Outcome::not_tried, fork_error, {}, {}};
  Report report;
  report.error = ETIMEDOUT;
  if (wait_for(reading.get(), POLLIN, deadline + std::chrono::seconds(1))) {
    Report received;
    if (read(reading.get(), &received, sizeof received) == sizeof received) report = received;
  } else {
    kill(child, SIGKILL);
  }
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return result_of(report);
}

// Finds who listens on a TCP port of this host: proc(5), /proc/net/tcp; the second column is ADDRESS:PORT in
// hexadecimal, the fourth the state (0A listens), the eighth the user.
std::optional<uid_t> listener_on(unsigned port) {
  for (const auto* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream file(table);
    std::string line;
    while (std::getline(file, line)) {
      std::istringstream columns(line);
      std::vector<std::string> column;
      for (std::string text; columns >> text;)
        column.push_back(std::move(text));
      if (column.size() < 8 || column[3] != "0A") continue;
      const auto& local = column[1];
      const auto colon = local.find(':');
      if (colon == std::string::npos) continue;
      if (std::strtoul(local.c_str() + colon + 1, nullptr, 16) == port)
        return static_cast<uid_t>(std::strtoul(column[7].c_str(), nullptr, 10));
    }
  }
  return std::nullopt;
}

}  // namespace

SocketProbe probe_unix_socket(const std::filesystem::path& path, const std::optional<ProbeUser>& as,
                              std::chrono::milliseconds patience) {
  if (as) return probe_in_child(path, *as, patience);
  return result_of(probe_path(path, Clock::now() + patience));
}

SocketProbe probe_inet_socket(const std::string& port_at_address, std::chrono::milliseconds patience) {
  const auto at = port_at_address.find('@');
  const auto port = port_at_address.substr(0, at);
  const std::string host(at == std::string::npos ? "localhost"
                                                 : canon::without_brackets(port_at_address.substr(at + 1)));
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0)
    return {Outcome::not_reachable, EADDRNOTAVAIL, {}, {}};
  SocketProbe result;
  const auto deadline = Clock::now() + patience;
  for (const auto* entry = found; entry != nullptr; entry = entry->ai_next) {
    const crypto::FileDescriptor fd(
        socket(entry->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, entry->ai_protocol));
    result = result_of(probe(fd.get(), entry->ai_addr, entry->ai_addrlen, deadline));
    if (result.outcome == Outcome::milter || result.outcome == Outcome::no_milter) break;
  }
  freeaddrinfo(found);
  if (result.outcome == Outcome::milter)
    result.uid = listener_on(static_cast<unsigned>(std::strtoul(port.c_str(), nullptr, 10)));
  return result;
}

std::string program_of(pid_t pid) {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe", error);
  auto name = program.filename().string();
  // The kernel appends this to a program that an upgrade has replaced.
  constexpr std::string_view deleted = " (deleted)";
  if (name.ends_with(deleted)) name.resize(name.size() - deleted.size());
  return name;
}

}  // namespace dkim::keytool
