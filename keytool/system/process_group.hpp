// A process group for a program that must not outlive us.
#pragma once

#include <sys/types.h>

#include "crypto/file.hpp"

namespace dkim::keytool {

// However this process ends, by SIGKILL too, everything in the group is killed with it. What looks after that
// is a process of its own, the leader of the group, which waits for the other end of a pipe to close; so the
// group's number is taken as long as this lives. What makes a group of its own escapes, as a daemon means to.
class ProcessGroup {
 public:
  // Throws std::system_error.
  ProcessGroup();
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;
  // Leaves alone what is still running.
  ~ProcessGroup();

  // For a program that is started to join.
  pid_t id() const { return keeper_; }
  // Ends everything in it.
  void kill_all() const;

 private:
  struct Lifeline {
    crypto::FileDescriptor read;
    crypto::FileDescriptor write;
  };
  static Lifeline make_lifeline();
  explicit ProcessGroup(Lifeline lifeline);

  pid_t keeper_;
  crypto::FileDescriptor lifeline_;
};

}  // namespace dkim::keytool
