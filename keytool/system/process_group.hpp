// Makes a process group for a program that must not outlive this process. Failures are std::system_error.
#pragma once

#include <sys/types.h>

#include "crypto/file.hpp"

namespace dkim::keytool {

// Everything in the group is killed when this process ends, even by SIGKILL. A helper process sees to that:
// it leads the group and waits until the other end of a pipe closes. The group's number stays taken as long
// as the object lives. A program that makes a group of its own escapes, as daemons intend to.
class ProcessGroup {
 public:
  // Throws std::system_error.
  ProcessGroup();
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;
  // Does not touch what is still running.
  ~ProcessGroup();

  // The group that a program is to join when it is started.
  pid_t id() const { return keeper_; }
  // Kills everything in the group.
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
