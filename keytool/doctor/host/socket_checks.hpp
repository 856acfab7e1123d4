// Checks dkimsignd's socket: whether it exists, dkimsignd listens, and Postfix reaches it, from inside its
// chroot if it has one.
//
// gather_socket_facts looks and tries (run by root, it connects as Postfix's user); check_socket judges, and
// is pure. Neither throws for what it finds.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "crypto/settings/places.hpp"
#include "keytool/doctor/findings/finding.hpp"
#include "keytool/doctor/host/service_manager.hpp"
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
  std::string program;  // the one that listens; empty if unknown

  // An attempt to connect as a process of Postfix does.
  struct Attempt {
    bool chrooted = false;
    SocketProbe probe;
    std::vector<AccessProblem> obstacles;  // if it was denied
  };
  std::vector<Attempt> attempts;
  std::string postfix_user;  // empty: no Postfix, or no such user
  std::string postfix_group = crypto::default_postfix_group;
  std::string daemon_user;  // for the commands to paste
  bool as_root = true;
  // Whether Postfix's settings are known, so that root could try as Postfix does.
  bool postfix_known = false;
  ServiceManager manager = ServiceManager::systemd;  // for the advice
};

// Gathers the facts. `settings` is null if there is no Postfix.
SocketFacts gather_socket_facts(const std::string& socket, const PostfixSettings* settings);

// Returns one finding of topic "socket".
Findings check_socket(const SocketFacts& facts);

// Returns the user that dkimsignd runs as: whoever listens on the socket, or else owns its directory, or else
// the package's user. Empty if that does not exist.
std::string daemon_user_by(const SocketProbe& probe, const std::filesystem::path& socket_path);

}  // namespace dkim::keytool
