#include "keytool/system/program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "crypto/error.hpp"
#include "crypto/file.hpp"
#include "keytool/system/process_group.hpp"
#include "keytool/system/program_input.hpp"
#include "keytool/system/program_output.hpp"
#include "keytool/system/spawn.hpp"

namespace dkim::keytool {
namespace {

struct Job {
  const std::filesystem::path& program;
  const std::vector<std::string>& arguments;
  std::chrono::seconds at_most;
  int input = -1;                                   // the program's standard input; -1: empty
  const ProgramEnvironment* environment = nullptr;  // nothing: ours
};

[[noreturn]] void fail(const Job& job, std::string_view what) {
  throw crypto::Error(fmt::format("the program {} {}", job.program.string(), what));
}

[[noreturn]] void fail_to_start(const Job& job, int error) {
  fail(job, fmt::format("cannot be started: {}", std::generic_category().message(error)));
}

// A pipe from the program to a listener.
class Pipe {
 public:
  Pipe(const Job& job, OutputListener& listener) : listener_(listener) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) fail_to_start(job, errno);
    read_.emplace(ends[0]);
    write_.emplace(ends[1]);
  }

  // -1 after the end of what the program prints.
  int reading_end() const { return read_ ? read_->get() : -1; }
  int writing_end() const { return write_->get(); }
  // Leaves the writing end to the program alone.
  void hand_over() { write_.reset(); }

  // Reads once, and waits if nothing has been written. Returns the number of bytes.
  std::size_t pass_on() {
    std::array<char, 4096> chunk{};
    const ssize_t got = read(read_->get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) return 0;
    if (got <= 0) {
      read_.reset();
      return 0;
    }
    const auto size = static_cast<std::size_t>(got);
    listener_.take({chunk.data(), size});
    return size;
  }

  // Reads what has been written by now, and nothing that is written meanwhile.
  void pass_on_rest() {
    int waiting = 0;
    if (!read_ || ioctl(read_->get(), FIONREAD, &waiting) != 0) return;
    auto left = static_cast<std::size_t>(waiting);
    while (left > 0 && read_ && !is_over_limit())
      left -= std::min(left, pass_on());
  }

  bool is_over_limit() const { return listener_.is_over_limit(); }

 private:
  std::optional<crypto::FileDescriptor> read_;
  std::optional<crypto::FileDescriptor> write_;
  OutputListener& listener_;
};

ProcessGroup make_group(const Job& job) {
  try {
    return {};
  } catch (const std::system_error& error) {
    fail_to_start(job, error.code().value());
  }
}

pid_t start(const ProcessGroup& group, const Job& job, int output, int errors) {
  try {
    return spawn_program(group, {job.program, job.arguments, job.environment, job.input, output, errors});
  } catch (const std::system_error& error) {
    fail_to_start(job, error.code().value());
  }
}

// Owns a running program: kills it with its group, unless its end was waited for.
class Child {
 public:
  Child(pid_t id, const ProcessGroup& group) : id_(id), group_(group) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (is_awaited_) return;
    end();
    wait();
  }

  pid_t id() const { return id_; }

  // Kills it, even if it has left the group, and the rest of the group.
  void end() const {
    group_.kill_all();
    kill(id_, SIGKILL);
  }

  // Returns the wait status. To be called once.
  int wait() {
    int status = 0;
    while (waitpid(id_, &status, 0) < 0 && errno == EINTR) {
    }
    is_awaited_ = true;
    return status;
  }

 private:
  pid_t id_;
  const ProcessGroup& group_;
  bool is_awaited_ = false;
};

enum class Stop { ended, out_of_time, too_much_output };

// Listens to a running program until it ends, whether or not something that it left behind still holds its
// output open.
class Watch {
 public:
  Watch(pid_t child, std::vector<Pipe>& pipes)
      : child_(static_cast<int>(syscall(SYS_pidfd_open, child, 0))), pipes_(pipes) {}

  Stop wait(std::chrono::seconds at_most) {
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    while (true) {
      auto events = events_of_interest();
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      const int timeout = static_cast<int>(std::max<long long>(left.count(), 0));
      const int result = poll(events.data(), events.size(), timeout);
      if (result < 0 && errno == EINTR) continue;
      if (result <= 0) return Stop::out_of_time;
      // Checked first: what the program has left behind may print without end.
      if (events.back().revents != 0) return read_rest();
      // There may be something to read each time.
      if (left.count() <= 0) return Stop::out_of_time;
      for (std::size_t i = 0; i < pipes_.size(); ++i) {
        if (events[i].revents == 0) continue;
        pipes_[i].pass_on();
        if (pipes_[i].is_over_limit()) return Stop::too_much_output;
      }
      // A kernel without pidfds: the program has ended when its output has.
      if (!child_ && is_all_read()) return Stop::ended;
    }
  }

 private:
  // The pipes', then the program's.
  std::vector<pollfd> events_of_interest() const {
    std::vector<pollfd> events;
    for (const auto& pipe : pipes_)
      events.push_back({pipe.reading_end(), POLLIN, 0});
    events.push_back({child_.get(), POLLIN, 0});
    return events;
  }

  // Reads what the program printed before it ended.
  Stop read_rest() {
    for (auto& pipe : pipes_) {
      pipe.pass_on_rest();
      if (pipe.is_over_limit()) return Stop::too_much_output;
    }
    return Stop::ended;
  }

  bool is_all_read() const {
    return std::all_of(pipes_.begin(), pipes_.end(), [](const Pipe& pipe) { return pipe.reading_end() < 0; });
  }

  crypto::FileDescriptor child_;
  std::vector<Pipe>& pipes_;
};

struct Ending {
  Stop stop;
  int wait_status;
};

// The program's standard output goes to the first pipe, and its standard error to the last, which may be the
// same: that keeps the order of the lines.
Ending run(const Job& job, std::vector<Pipe> pipes) {
  const ProcessGroup group = make_group(job);
  Child child(start(group, job, pipes.front().writing_end(), pipes.back().writing_end()), group);
  for (auto& pipe : pipes)
    pipe.hand_over();
  const Stop stop = Watch(child.id(), pipes).wait(job.at_most);
  if (stop != Stop::ended) child.end();
  return {stop, child.wait()};
}

// Returns the exit status. Throws if the program did not end on its own.
int exit_status(const Job& job, const Ending& ending) {
  if (ending.stop == Stop::out_of_time) {
    throw ProgramTimeout(fmt::format("the program {} took longer than {} s and was killed",
                                     job.program.string(), job.at_most.count()));
  }
  if (WIFSIGNALED(ending.wait_status))
    fail(job, fmt::format("was killed by signal {}", WTERMSIG(ending.wait_status)));
  return WEXITSTATUS(ending.wait_status);
}

CapturedOutput capture(const Job& job, std::size_t most_bytes) {
  Capture output(most_bytes);
  Capture errors(most_bytes);
  std::vector<Pipe> pipes;
  pipes.emplace_back(job, output);
  pipes.emplace_back(job, errors);
  const auto ending = run(job, std::move(pipes));
  if (ending.stop == Stop::too_much_output) fail(job, fmt::format("printed more than {} bytes", most_bytes));
  const int status = exit_status(job, ending);
  return {std::move(output).text(), std::move(errors).text(), status};
}

}  // namespace

void run_program(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                 std::chrono::seconds at_most) {
  const Job job{program, arguments, at_most};
  LineEcho echo(program.filename().string());
  std::vector<Pipe> pipes;
  pipes.emplace_back(job, echo);
  const auto ending = run(job, std::move(pipes));
  echo.show_line();
  const int status = exit_status(job, ending);
  if (status != 0) fail(job, fmt::format("failed with status {}", status));
}

CapturedOutput feed_program(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                            std::string_view input, std::chrono::seconds at_most, std::size_t most_bytes) {
  const auto file = readable_file(input);
  return capture({program, arguments, at_most, file.get()}, most_bytes);
}

CapturedOutput capture_program(const std::filesystem::path& program,
                               const std::vector<std::string>& arguments, std::chrono::seconds at_most,
                               std::size_t most_bytes) {
  return capture({program, arguments, at_most}, most_bytes);
}

CapturedOutput capture_program(const std::filesystem::path& program,
                               const std::vector<std::string>& arguments, std::chrono::seconds at_most,
                               std::size_t most_bytes, const ProgramEnvironment& environment) {
  return capture({program, arguments, at_most, -1, &environment}, most_bytes);
}

}  // namespace dkim::keytool
