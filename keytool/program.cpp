#include "keytool/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

#include "crypto/error.hpp"
#include "crypto/file.hpp"

namespace dkim::keytool {
namespace {

[[noreturn]] void fail(const std::filesystem::path& program, const std::string& what) {
  throw crypto::Error("the program " + program.string() + " " + what);
}

pid_t start(const std::filesystem::path& program, const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  std::string name = program.string();
  std::vector<std::string> copies = arguments;
  argv.push_back(name.data());
  for (auto& argument : copies)
    argv.push_back(argument.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  pid_t child = 0;
  const int error = posix_spawn(&child, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) fail(program, "cannot be started: " + std::generic_category().message(error));
  return child;
}

// False if the time ran out.
bool wait_for_end(pid_t child, std::chrono::seconds at_most) {
  const crypto::FileDescriptor descriptor(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  if (!descriptor) return true;  // a kernel without pidfds: waitpid then waits without a limit
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd ended{descriptor.get(), POLLIN, 0};
    const int result = poll(&ended, 1, static_cast<int>(std::max<long long>(left.count(), 0)));
    if (result > 0) return true;
    if (result == 0 || errno != EINTR) return false;
  }
}

}  // namespace

void run_program(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                 std::chrono::seconds at_most) {
  const pid_t child = start(program, arguments);
  const bool ended = wait_for_end(child, at_most);
  if (!ended) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!ended) fail(program, "took longer than " + std::to_string(at_most.count()) + " s and was killed");
  if (WIFSIGNALED(status)) fail(program, "was killed by signal " + std::to_string(WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0) fail(program, "failed with status " + std::to_string(WEXITSTATUS(status)));
}

}  // namespace dkim::keytool
