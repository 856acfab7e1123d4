#include "keytool/system/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <iostream>
#include <string_view>
#include <system_error>
#include <utility>

#include "crypto/error.hpp"
#include "crypto/file.hpp"
#include "keytool/output/terminal_text.hpp"
#include "keytool/system/process_group.hpp"

namespace dkim::keytool {
namespace {

[[noreturn]] void fail(const std::filesystem::path& program, const std::string& what) {
  throw crypto::Error("the program " + program.string() + " " + what);
}

// More than this of a program's talk is thrown away.
constexpr std::size_t most_output = 64 << 10;
constexpr std::size_t longest_line = 1000;

struct Pipe {
  crypto::FileDescriptor read;
  crypto::FileDescriptor write;
};

Pipe make_pipe(const std::filesystem::path& program) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    fail(program, "cannot be started: " + std::generic_category().message(errno));
  return {crypto::FileDescriptor(ends[0]), crypto::FileDescriptor(ends[1])};
}

// In the group, so that what it starts can be ended with it.
pid_t start(const ProcessGroup& group, const std::filesystem::path& program,
            const std::vector<std::string>& arguments, int output, int errors) {
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
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, group.id());
  pid_t child = 0;
  const int error = posix_spawn(&child, program.c_str(), &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) fail(program, "cannot be started: " + std::generic_category().message(error));
  return child;
}

// Shows what the program prints, a line at a time.
class Talk {
 public:
  explicit Talk(const std::filesystem::path& program) : name_(program.filename().string()) {}

  // Reads what there is. False at the end.
  bool read_from(int descriptor) {
    std::array<char, 4096> chunk{};
    const ssize_t size = read(descriptor, chunk.data(), chunk.size());
    if (size < 0 && errno == EINTR) return true;
    if (size <= 0) return false;
    for (const char octet : std::string_view(chunk.data(), static_cast<std::size_t>(size))) {
      if (octet == '\n' || line_.size() == longest_line) show_line();
      if (octet != '\n') line_ += octet;
    }
    return true;
  }

  // Talk that is not shown is read all the same, so that the program can go on.
  static bool enough() { return false; }

  void show_line() {
    if (!line_.empty() && shown_ < most_output)
      std::cerr << terminal_text(name_) + ": " + terminal_text(line_) + "\n";
    shown_ += line_.size();
    line_.clear();
  }

 private:
  std::string name_;
  std::string line_;
  std::size_t shown_ = 0;
};

// Keeps what the program prints, up to a limit.
class Capture {
 public:
  Capture(std::string& text, std::size_t most) : text_(text), most_(most) {}

  // Reads what there is. False at the end, or when it becomes too much.
  bool read_from(int descriptor) {
    std::array<char, 4096> chunk{};
    const ssize_t size = read(descriptor, chunk.data(), chunk.size());
    if (size < 0 && errno == EINTR) return true;
    if (size <= 0) return false;
    text_.append(chunk.data(), std::min(static_cast<std::size_t>(size), most_ - text_.size()));
    return !enough();
  }

  bool enough() const { return text_.size() == most_; }

 private:
  std::string& text_;
  std::size_t most_;
};

// A pipe's reading end and who takes what comes.
template <typename Reader>
struct Source {
  int descriptor;
  Reader& reader;
};

// Until the program has ended, whether or not something that it left behind still holds its output. False
// if the time ran out, or if a reader has enough.
template <typename Reader, std::size_t Count>
bool wait_for_end(pid_t child, std::array<Source<Reader>, Count> sources, std::chrono::seconds at_most) {
  const crypto::FileDescriptor descriptor(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  std::array<pollfd, Count + 1> events{};
  for (std::size_t i = 0; i < Count; ++i)
    events[i] = {sources[i].descriptor, POLLIN, 0};
  auto& end = events[Count];
  end = {descriptor.get(), POLLIN, 0};
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const int result =
        poll(events.data(), events.size(), static_cast<int>(std::max<long long>(left.count(), 0)));
    if (result < 0 && errno == EINTR) continue;
    if (result <= 0) return false;
    bool something_read = false;
    bool all_closed = true;
    for (std::size_t i = 0; i < Count; ++i) {
      if (events[i].fd != -1 && events[i].revents != 0) {
        something_read = true;
        if (!sources[i].reader.read_from(events[i].fd)) events[i].fd = -1;
        if (sources[i].reader.enough()) return false;
      }
      all_closed = all_closed && events[i].fd == -1;
    }
    if (!something_read && end.revents != 0) return true;
    // A kernel without pidfds: the end of the output stands for that of the program.
    if (!descriptor && all_closed) return true;
  }
}

ProcessGroup make_group(const std::filesystem::path& program) {
  try {
    return {};
  } catch (const std::system_error& error) {
    fail(program, "cannot be started: " + std::generic_category().message(error.code().value()));
  }
}

int end_of(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

void run_program(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                 std::chrono::seconds at_most) {
  Pipe output = make_pipe(program);
  Talk talk(program);
  const ProcessGroup group = make_group(program);
  pid_t child = 0;
  {
    // Closed here, so that the program alone holds it.
    const crypto::FileDescriptor write = std::move(output.write);
    child = start(group, program, arguments, write.get(), write.get());
  }
  const bool ended = wait_for_end(child, std::array{Source<Talk>{output.read.get(), talk}}, at_most);
  if (!ended) group.kill_all();
  talk.show_line();
  const int status = end_of(child);
  if (!ended) fail(program, "took longer than " + std::to_string(at_most.count()) + " s and was killed");
  if (WIFSIGNALED(status)) fail(program, "was killed by signal " + std::to_string(WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0) fail(program, "failed with status " + std::to_string(WEXITSTATUS(status)));
}

CapturedOutput capture_program(const std::filesystem::path& program,
                               const std::vector<std::string>& arguments, std::chrono::seconds at_most,
                               std::size_t most_octets) {
  Pipe output = make_pipe(program);
  Pipe errors = make_pipe(program);
  CapturedOutput captured;
  Capture output_capture(captured.output, most_octets);
  Capture errors_capture(captured.errors, most_octets);
  const ProcessGroup group = make_group(program);
  pid_t child = 0;
  {
    const crypto::FileDescriptor output_end = std::move(output.write);
    const crypto::FileDescriptor errors_end = std::move(errors.write);
    child = start(group, program, arguments, output_end.get(), errors_end.get());
  }
  const bool ended = wait_for_end(child,
                                  std::array{Source<Capture>{output.read.get(), output_capture},
                                             Source<Capture>{errors.read.get(), errors_capture}},
                                  at_most);
  if (!ended) group.kill_all();
  const int status = end_of(child);
  if (output_capture.enough() || errors_capture.enough())
    fail(program, "printed more than " + std::to_string(most_octets) + " octets");
  if (!ended) fail(program, "took longer than " + std::to_string(at_most.count()) + " s and was killed");
  if (WIFSIGNALED(status)) fail(program, "was killed by signal " + std::to_string(WTERMSIG(status)));
  captured.status = WEXITSTATUS(status);
  return captured;
}

}  // namespace dkim::keytool
