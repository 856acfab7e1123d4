// Tries whether a milter listens where Postfix looks for it, and whether Postfix can reach it. Connects as
// Postfix does: from a process in its chroot, as its user.
//
// Says what happened; keytool/doctor/host/socket_checks says what it means. Never throws.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "keytool/system/file_access.hpp"

namespace dkim::keytool {

struct SocketProbe {
  enum class Outcome {
    milter,         // negotiated the milter protocol
    no_milter,      // accepts connections but does not speak it, or not within some seconds
    not_reachable,  // error says why connect(2) failed
    not_tried,      // error says why connect(2) could not even be tried
  };
  Outcome outcome = Outcome::not_tried;
  int error = 0;  // errno
  // The process that listens, if the kernel says so: SO_PEERCRED of UNIX sockets.
  std::optional<pid_t> pid;
  std::optional<uid_t> uid;  // also for TCP sockets, from /proc/net/tcp
};

// The user to connect as, which needs root. The socket's path is relative to the given root directory.
struct ProbeUser {
  std::filesystem::path root;  // empty: no chroot
  Credentials credentials;
};

constexpr std::chrono::seconds probe_patience{5};

// Tries a UNIX socket. Takes hardly longer than `patience`.
SocketProbe probe_unix_socket(const std::filesystem::path& path, const std::optional<ProbeUser>& as,
                              std::chrono::milliseconds patience = probe_patience);

// Tries a TCP socket, "PORT@ADDRESS" as after "inet:" in dkimsignd.conf.
SocketProbe probe_inet_socket(const std::string& port_at_address,
                              std::chrono::milliseconds patience = probe_patience);

// Returns the name of a process's program, without the directory; empty if /proc does not tell.
std::string program_of(pid_t pid);

}  // namespace dkim::keytool
