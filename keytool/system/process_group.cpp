#include "keytool/system/process_group.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

namespace dkim::keytool {
namespace {

// A fork copies every descriptor: locks, the ends of other pipes, and whatever others wait to see closed.
void close_all_from(unsigned first) {
  if (close_range(first, ~0U, 0) == 0) return;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  for (rlim_t descriptor = first; descriptor < limit.rlim_cur; ++descriptor)
    close(static_cast<int>(descriptor));
}

// Runs in a copy of a process with threads, so it makes only system calls (signal-safety(7)).
[[noreturn]] void keep(int lifeline) {
  setpgid(0, 0);
  // It ends with the pipe, and not by a signal that is sent to a whole terminal or unit.
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE})
    signal(number, SIG_IGN);
  dup2(lifeline, STDIN_FILENO);
  close_all_from(STDIN_FILENO + 1);
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR) {
  }
  kill(0, SIGKILL);
  _exit(0);
}

pid_t start_keeper(const crypto::FileDescriptor& lifeline) {
  const pid_t keeper = fork();
  if (keeper < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (keeper == 0) keep(lifeline.get());
  // The helper does this too, but perhaps not yet.
  setpgid(keeper, keeper);
  return keeper;
}

}  // namespace

ProcessGroup::Lifeline ProcessGroup::make_lifeline() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  return {crypto::FileDescriptor(ends[0]), crypto::FileDescriptor(ends[1])};
}

ProcessGroup::ProcessGroup() : ProcessGroup(make_lifeline()) {}

ProcessGroup::ProcessGroup(Lifeline lifeline)
    : keeper_(start_keeper(lifeline.read)), lifeline_(std::move(lifeline.write)) {}

ProcessGroup::~ProcessGroup() {
  kill(keeper_, SIGKILL);
  while (waitpid(keeper_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void ProcessGroup::kill_all() const {
  kill(-keeper_, SIGKILL);
}

}  // namespace dkim::keytool
