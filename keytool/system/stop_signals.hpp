// Lets a command that has something to clean up end in its own time: while an object lives, SIGINT, SIGTERM
// and SIGHUP end nothing, and are noticed where the command asks.
//
// For the main thread, before it starts others, which inherit the mask. Programs that are run get an empty
// one (keytool/system/program). Throws std::system_error.
#pragma once

#include <chrono>
#include <csignal>

#include "crypto/file.hpp"

namespace dkim::keytool {

class StopSignals {
 public:
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

  // Waits for a signal, at most this long. Returns whether one has come, now or earlier.
  bool wait(std::chrono::milliseconds at_most);
  // Returns whether one has come.
  bool has_come() { return wait(std::chrono::milliseconds(0)); }

  // Can be read by poll(2) when a signal is there that has not been noticed yet.
  int descriptor() const { return descriptor_.get(); }

 private:
  sigset_t signals_{};
  sigset_t before_{};
  crypto::FileDescriptor descriptor_;
  bool has_come_ = false;
};

}  // namespace dkim::keytool
