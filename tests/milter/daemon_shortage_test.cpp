// If descriptors or threads run out, mail is deferred or goes on, the log says so once, and nothing leaks.
// When there are enough again, everything works as before. For memory, see daemon_memory_shortage_test.cpp.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <thread>

#include "tests/milter/daemon_fixture.hpp"

namespace dkim::test {
namespace {

class DaemonShortageTest : public DaemonTest {};

TEST_F(DaemonShortageTest, Descriptors) {
  constexpr rlim_t descriptors = 60;
  start("", [] {
    const rlimit few{descriptors, descriptors};
    setrlimit(RLIMIT_NOFILE, &few);
  });
  expect_service();
  const int before = daemon_->open_descriptors();
  for (int round = 1; round <= 2; ++round) {
    std::vector<MilterClient> crowd;
    int closed = 0;
    for (rlim_t i = 0; i < 2 * descriptors; ++i) {
      const auto members = crowd.size();
      try {
        crowd.emplace_back(daemon_->endpoint());
        crowd.back().negotiate();
        crowd.back().connect();
      } catch (const MilterError&) {
        if (crowd.size() > members) crowd.pop_back();
        ++closed;
      }
    }
    EXPECT_GT(closed, 0);
    // Descriptors are left for the keys, so the connected clients are served.
    ASSERT_GT(crowd.size(), 20U);
    store_.set_subdomains("example.com", round == 1);  // so that the daemon reads it again
    for (auto& connection : crowd)
      expect_signed(connection);
    EXPECT_EQ(daemon_->times_in_log("error: no descriptors left: new connections are closed"), round);
    crowd.clear();
    EXPECT_TRUE(daemon_->wait_for_log(
        "over: no descriptors left, connections affected: " + std::to_string(closed), round));
    expect_service();
    EXPECT_TRUE(eventually([&] { return daemon_->open_descriptors() <= before; }));
  }
  expect_clean_stop();
}

// Processes that only count against the limit of their account. Once it is constructed, all of them count.
class Bystanders {
 public:
  Bystanders(uid_t account, int count) {
    std::array<int, 2> ready{};
    if (pipe2(ready.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
    for (int i = 0; i < count; ++i) {
      const pid_t pid = fork();
      if (pid == 0) {
        const bool counts = setuid(account) == 0 && write(ready[1], "", 1) == 1;
        close(ready[1]);
        if (counts) pause();
        _exit(0);
      }
      if (pid < 0) break;  // to kill(2), -1 means every process
      pids_.push_back(pid);
    }
    close(ready[1]);
    int counted = 0;
    for (char byte = 0; counted < count && read(ready[0], &byte, 1) == 1;)
      ++counted;
    close(ready[0]);
    EXPECT_EQ(counted, count);
  }
  Bystanders(const Bystanders&) = delete;
  Bystanders& operator=(const Bystanders&) = delete;
  ~Bystanders() {
    for (const pid_t pid : pids_)
      kill(pid, SIGKILL);
    for (const pid_t pid : pids_)
      waitpid(pid, nullptr, 0);
  }

 private:
  std::vector<pid_t> pids_;
};

TEST_F(DaemonShortageTest, Threads) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  // A separate account, because everything that an account runs counts.
  constexpr uid_t account = 64'123;
  constexpr int processes = 40;
  for (const auto& path : {store_.path(), store_.path() / "example.com", store_.manifest("example.com"),
                           store_.key_file("example.com", "server"), directory_.path()})
    ASSERT_EQ(chown(path.c_str(), account, account), 0) << path;
  start("", [] {
    const rlimit few{processes, processes};
    if (setrlimit(RLIMIT_NPROC, &few) != 0 || setgid(account) != 0 || setuid(account) != 0) _exit(125);
  });
  expect_service();
  const int before = daemon_->open_descriptors();
  const auto send_at_once = [&](const std::function<bool()>& until) {
    std::atomic<bool> done = false;
    std::vector<std::thread> senders;
    for (int i = 0; i < 8; ++i) {
      senders.emplace_back([&, i] {
        while (!done) {
          auto connection = client();
          for (int message = 0; message < 5; ++message)
            expect_signed(connection, letter(i));
        }
      });
    }
    EXPECT_TRUE(eventually(until)) << daemon_->log();
    done = true;
    for (auto& sender : senders)
      sender.join();
  };
  long threads = 0;
  {
    const Bystanders bystanders(account, processes);
    threads = daemon_->status_number("Threads");
    send_at_once([&] { return daemon_->times_in_log("error: no more threads can be started") == 1; });
    EXPECT_EQ(daemon_->status_number("Threads"), threads);
  }
  EXPECT_TRUE(daemon_->wait_for_log("over: no more threads"));
  EXPECT_EQ(daemon_->times_in_log("no more threads can be started"), 1) << "one line is enough";
  send_at_once([&] { return daemon_->status_number("Threads") > threads; });
  EXPECT_EQ(daemon_->times_in_log("no more threads can be started"), 1);
  EXPECT_TRUE(eventually([&] { return daemon_->open_descriptors() <= before; }));
  expect_clean_stop();
}

}  // namespace
}  // namespace dkim::test
