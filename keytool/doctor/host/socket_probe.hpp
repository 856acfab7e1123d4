// Is a milter listening where Postfix looks for it, and can Postfix get there? Tried as Postfix does it: by a
// process in its chroot, as its user.
//
// Run by dkimkey doctor. Says what happened; socket_checks says what it means.
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
    no_milter,      // accepts connections and does not speak it, or not within some seconds
    not_reachable,  // error says why connect(2) failed
    not_tried,      // error says why not even that could be tried
  };
  Outcome outcome = Outcome::not_tried;
  int error = 0;  // errno
  // Who listens, as far as the kernel says: SO_PEERCRED of UNIX sockets.
  std::optional<pid_t> pid;
  std::optional<uid_t> uid;  // of TCP sockets as well: /proc/net/tcp
};

// To connect as somebody else: needs root. The path is as seen from the root directory given.
struct ProbeUser {
  std::filesystem::path root;  // empty: no chroot
  Credentials credentials;
};

constexpr std::chrono::seconds probe_patience{5};

// Never throws, and never takes longer than the patience and some.
SocketProbe probe_unix_socket(const std::filesystem::path& path, const std::optional<ProbeUser>& as,
                              std::chrono::milliseconds patience = probe_patience);

// "PORT@ADDRESS" as after "inet:" in dkimsignd.conf.
SocketProbe probe_inet_socket(const std::string& port_at_address,
                              std::chrono::milliseconds patience = probe_patience);

// The program of a process, without its directory; empty where /proc does not tell.
std::string program_of(pid_t pid);

}  // namespace dkim::keytool
