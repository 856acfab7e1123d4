// Asks the daemon's own socket what an MTA asks first: would a connection be answered?
//
// What cannot be seen from inside: a libmilter that waits for octets that it has already, a listener that has
// ended or has no thread for connections, a socket whose file is gone or another's. The connection ends
// after the negotiation; sessions count it as none.
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
    // From here the socket is out of reach, by its mode or a packet filter, which says nothing of others.
    not_allowed,
    stopped,
  };
  Outcome outcome;
  std::string reason;  // empty if answered or stopped
};

class SelfProbe {
 public:
  // Finds out where to connect to: an inet socket that listens on all addresses is asked on the loopback
  // address. A name is looked up here and never again.
  explicit SelfProbe(const SocketAddress& address);

  // Connects, sends SMFIC_OPTNEG and reads the answer, all within patience. Ends early, as stopped, when
  // anything can be read from the descriptor stop. Throws std::bad_alloc only.
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
};

}  // namespace dkim::milter
