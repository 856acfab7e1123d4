#include "tests/milter/daemon_process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>
#include <utility>

#include "crypto/file.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::test {
namespace {

int exit_status(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Sends the reports to files, because a test may redirect the daemon's standard error, or kill the daemon.
void set_sanitizer_options(const std::filesystem::path& directory) {
  const std::string options = "log_path=" + (directory / "sanitizer").string() + ":exitcode=99";
  setenv("TSAN_OPTIONS", options.c_str(), 1);
  setenv("ASAN_OPTIONS", options.c_str(), 1);
  setenv("UBSAN_OPTIONS", (options + ":print_stacktrace=1").c_str(), 1);
}

std::string sanitizer_reports(const std::filesystem::path& directory) {
  std::string out;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().filename().string().starts_with("sanitizer")) out += read_file(entry.path());
  }
  return out;
}

// Returns a copy that every user can reach: the build directory may be in a home that only its owner may
// enter.
std::string program_for_everybody(const std::filesystem::path& directory) {
  const auto copy = directory / "program";
  std::filesystem::copy_file(DKIMSIGND_PROGRAM, copy, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::permissions(copy, std::filesystem::perms(0755));
  return copy.string();
}

[[noreturn]] void become_dkimsignd(const std::string& program, const std::vector<std::string>& arguments) {
  std::vector<std::string> copies{program};
  copies.insert(copies.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& argument : copies)
    argv.push_back(argument.data());
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(127);
}

void redirect(int descriptor, const std::filesystem::path& file) {
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
  if (fd < 0 || dup2(fd, descriptor) < 0) _exit(126);
  close(fd);
}

std::optional<int> wait_for(pid_t pid) {
  int status = 0;
  const bool ended = eventually([&] { return waitpid(pid, &status, WNOHANG) == pid; });
  return ended ? std::optional(exit_status(status)) : std::nullopt;
}

}  // namespace

int free_port() {
  // The wildcard address of IPv6 takes the port of IPv4 as well.
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  socklen_t size = sizeof address;
  const crypto::FileDescriptor fd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no free port");
  return ntohs(address.sin6_port);
}

ProgramRun run_dkimsignd(const std::filesystem::path& directory, const std::vector<std::string>& arguments) {
  std::filesystem::remove(directory / "out");
  std::filesystem::remove(directory / "err");
  const pid_t pid = fork();
  if (pid == 0) {
    set_sanitizer_options(directory);
    redirect(STDOUT_FILENO, directory / "out");
    redirect(STDERR_FILENO, directory / "err");
    become_dkimsignd(DKIMSIGND_PROGRAM, arguments);
  }
  if (pid < 0) throw std::runtime_error("cannot fork");
  const auto status = wait_for(pid);
  if (!status) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  EXPECT_EQ(sanitizer_reports(directory), "") << "a sanitizer found something in dkimsignd";
  return {status.value_or(-1), read_file(directory / "out"), read_file(directory / "err")};
}

DaemonProcess::DaemonProcess(std::filesystem::path directory, const std::filesystem::path& keys,
                             Start how_to_start)
    : directory_(std::move(directory)), keys_(keys) {
  start(how_to_start);
}

void DaemonProcess::write_config(const std::string& settings) {
  std::string text = settings + "\n";
  const auto add = [&](const std::string& name, const std::string& value) {
    if (settings.find(name + " = ") == std::string::npos) text += name + " = \"" + value + "\";\n";
  };
  add("socket", endpoint());
  add("key_directory", keys_.string());
  add("log", "stderr");
  const auto fresh = directory_ / "dkimsignd.conf.new";
  write_file(fresh, text, 0644);
  std::filesystem::rename(fresh, config_path());
}

void DaemonProcess::start(const Start& how) {
  write_config(how.settings);
  const std::string notify_path = directory_ / "notify";
  std::filesystem::remove(notify_path);
  const ServiceManagerSocket manager(notify_path);
  std::filesystem::permissions(notify_path, std::filesystem::perms::all);

  const std::string program = how.prepare ? program_for_everybody(directory_) : DKIMSIGND_PROGRAM;
  pid_ = fork();
  if (pid_ == 0) {
    set_sanitizer_options(directory_);
    setenv("NOTIFY_SOCKET", notify_path.c_str(), 1);
    redirect(STDERR_FILENO, directory_ / "log");
    if (how.prepare) how.prepare();
    become_dkimsignd(program, {"--config", config_path().string()});
  }
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (how.wait_until_ready) wait_until_ready(manager);
}

void DaemonProcess::wait_until_ready(const ServiceManagerSocket& manager) {
  std::string message;
  eventually([&] { return (message = manager.received()) != "nothing" || !is_running(); });
  if (message != "READY=1") throw std::runtime_error("dkimsignd did not become ready: " + log());
}

DaemonProcess::~DaemonProcess() {
  if (is_running()) {
    kill(pid_, SIGTERM);
    if (!wait_for_end()) {
      ADD_FAILURE() << "dkimsignd does not end";
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }
  EXPECT_EQ(sanitizer_reports(directory_), "") << "a sanitizer found something in dkimsignd";
}

std::string DaemonProcess::log() const {
  return read_file(directory_ / "log");
}

bool DaemonProcess::wait_for_log(std::string_view text, int times) const {
  return eventually([&] { return times_in_log(text) >= times; });
}

int DaemonProcess::times_in_log(std::string_view text) const {
  const std::string all = log();
  int found = 0;
  for (auto at = all.find(text); at != std::string::npos; at = all.find(text, at + 1))
    ++found;
  return found;
}

int DaemonProcess::open_descriptors() const {
  const std::filesystem::directory_iterator all("/proc/" + std::to_string(pid_) + "/fd");
  return static_cast<int>(std::distance(begin(all), end(all)));
}

void DaemonProcess::signal(int number) const {
  kill(pid_, number);
}

bool DaemonProcess::is_running() {
  if (end_ || pid_ < 0) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  end_ = exit_status(status);
  return false;
}

std::optional<int> DaemonProcess::wait_for_end() {
  eventually([&] { return !is_running(); });
  return end_;
}

rlim_t DaemonProcess::limit(__rlimit_resource resource, rlim_t soft) const {
  rlimit limits{};
  if (prlimit(pid_, resource, nullptr, &limits) == 0) {
    const rlim_t before = std::exchange(limits.rlim_cur, soft);
    if (prlimit(pid_, resource, &limits, nullptr) == 0) return before;
  }
  throw std::runtime_error("the limit of the daemon cannot be set");
}

long DaemonProcess::status_number(const std::string& name) const {
  std::ifstream in("/proc/" + std::to_string(pid_) + "/status");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(name + ":")) return std::stol(line.substr(name.size() + 1));
  }
  return -1;
}

}  // namespace dkim::test
