// Runs the real daemon as a separate process, with its configuration, socket and log in the test's directory.
//
// Every wait is for a condition and has a deadline. Throws std::runtime_error with the daemon's log if it
// does not start. A sanitizer's report about the daemon fails the test.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/patience.hpp"
#include "tests/support/service_manager_socket.hpp"

namespace dkim::test {

// Returns a port that nobody uses, whatever the address.
int free_port();

// How a program ended and what it printed.
struct ProgramRun {
  int status = -1;  // exit status, or 128 + signal
  std::string out;
  std::string err;
};

// Runs dkimsignd until it ends. A sanitizer's report about it fails the test.
ProgramRun run_dkimsignd(const std::filesystem::path& directory, const std::vector<std::string>& arguments);

class DaemonProcess {
 public:
  struct Start {
    std::string settings;
    // Runs in the child, between fork and exec: sets limits, another user, another standard error.
    std::function<void()> prepare;
    bool wait_until_ready = true;
  };

  // keys is the key directory.
  DaemonProcess(std::filesystem::path directory, const std::filesystem::path& keys, Start start);
  DaemonProcess(const DaemonProcess&) = delete;
  DaemonProcess& operator=(const DaemonProcess&) = delete;
  // Ends the daemon if it is still running.
  ~DaemonProcess();

  std::string endpoint() const { return "unix:" + socket_path().string(); }
  std::filesystem::path socket_path() const { return directory_ / "s"; }
  std::filesystem::path config_path() const { return directory_ / "dkimsignd.conf"; }
  pid_t pid() const { return pid_; }

  // Replaces the configuration file as an editor does; sends no signal to the daemon.
  void write_config(const std::string& settings);

  std::string log() const;
  bool wait_for_log(std::string_view text, int times = 1) const;
  // Returns how often the text is in the log now.
  int times_in_log(std::string_view text) const;
  // Returns how many descriptors the daemon has open.
  int open_descriptors() const;
  void signal(int number) const;
  bool is_running();
  // Returns the exit status, or 128 + signal; nothing if the daemon does not end.
  std::optional<int> wait_for_end();

  // Sets the soft limit of a resource (RLIMIT_*) of the running daemon; returns the limit that it had. Throws
  // std::runtime_error if that is not possible.
  rlim_t limit(__rlimit_resource resource, rlim_t soft) const;

  // Returns a number from /proc/PID/status, such as "VmRSS" (in kB) or "Threads".
  long status_number(const std::string& name) const;

 private:
  void start(const Start& start);
  void wait_until_ready(const ServiceManagerSocket& manager);

  std::filesystem::path directory_;
  std::filesystem::path keys_;
  pid_t pid_ = -1;
  std::optional<int> end_;
};

}  // namespace dkim::test
