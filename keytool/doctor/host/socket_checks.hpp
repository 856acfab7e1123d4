// dkimsignd's socket: is it there, does dkimsignd listen, and does Postfix get there from inside its chroot?
//
// gather_socket_facts looks and tries (as root it connects as Postfix's user); check_socket judges, and is
// pure.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "keytool/doctor/findings/finding.hpp"
#include "keytool/doctor/host/socket_probe.hpp"
#include "keytool/doctor/postfix/postfix_settings.hpp"

namespace dkim::keytool {

struct SocketFacts {
  // What is at a UNIX socket's path.
  enum class File { socket, something_else, missing, no_directory, hidden };

  std::string socket;  // as dkimsignd.conf has it
  std::filesystem::path path;
  File file = File::missing;
  SocketProbe direct;   // by this process itself
  std::string program;  // that listens, empty where that is not known

  // From a process of Postfix.
  struct Attempt {
    bool chrooted = false;
    SocketProbe probe;
    std::vector<AccessProblem> obstacles;  // where it was denied
  };
  std::vector<Attempt> attempts;
  std::string postfix_user;  // empty: no Postfix, or no such user
  std::string postfix_group = "postfix";
  std::string daemon_user;  // for the commands to paste
  bool as_root = true;
  // Does any process of Postfix have the right to try? Without, "run as root" is all that can be said.
  bool postfix_known = false;
};

// Settings: nothing where there is no Postfix.
SocketFacts gather_socket_facts(const std::string& socket, const PostfixSettings* settings);

Findings check_socket(const SocketFacts& facts);

// The user that the daemon runs as: who listens on the socket, else who owns its directory, else the
// package's. Empty if that does not exist.
std::string daemon_user_by(const SocketProbe& probe, const std::filesystem::path& socket_path);

}  // namespace dkim::keytool
