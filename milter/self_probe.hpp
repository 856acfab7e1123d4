// Negotiates with the daemon on its own socket, as an MTA does first, to see whether connections are
// answered. dkimsignd --probe does the same from another process.
//
// This finds what cannot be seen from inside: a libmilter that waits for bytes that it already has, a
// listener that has ended or has no thread for connections, and a socket whose file is gone or belongs to
// another process. The connection ends after the negotiation, and sessions do not count it.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "milter/config.hpp"

namespace dkim::milter {

struct ProbeResult {
  enum class Outcome {
    answered,
    not_answered,
    // We cannot reach the socket, because of its mode or a packet filter; others perhaps can.
    not_allowed,
    stopped,
  };
  Outcome outcome;
  std::string reason;  // empty if answered or stopped
};

class SelfProbe {
 public:
  // Who has to listen on a UNIX socket. Of an inet socket, nobody can know.
  enum class Listener { this_process, any_process };

  // Finds out where to connect to: the loopback address, if an inet socket listens on all addresses. Looks up
  // the name of a host here, and never again.
  explicit SelfProbe(const SocketAddress& address, Listener listener = Listener::this_process);

  // Connects, sends SMFIC_OPTNEG and reads the answer, all within patience. Returns early, with "stopped",
  // when the descriptor stop becomes readable; -1 means that nothing does that. Throws nothing but
  // std::bad_alloc.
  ProbeResult ask(std::chrono::milliseconds patience, int stop) const;

 private:
  struct Target {
    sockaddr_storage address{};
    socklen_t size = 0;
  };
  class Conversation;

  static Target unix_target(const std::filesystem::path& path);
  static std::vector<Target> inet_targets(const std::string& text);

  std::vector<Target> targets_;
  Listener listener_;
};

}  // namespace dkim::milter
