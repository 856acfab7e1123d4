// The daemon checks whether it answers on its own socket, and tells the service manager.
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/milter/daemon_fixture.hpp"
#include "tests/support/service_manager_socket.hpp"

namespace dkim::test {
namespace {

class DaemonWatchTest : public DaemonTest {
 protected:
  struct Watchdog {
    std::string microseconds;
    std::string pid;
  };

  // Starts the daemon with a service manager of the test's own, and waits for READY=1.
  void start_watched(
      const Watchdog& watchdog = {"400000", ""}, const std::string& settings = "",
      const std::function<void()>& prepare = [] {}) {
    daemon_.emplace(directory_.path(), store_.path(),
                    DaemonProcess::Start{settings,
                                         [&] {
                                           setenv("NOTIFY_SOCKET", manager_path().c_str(), 1);
                                           setenv("WATCHDOG_USEC", watchdog.microseconds.c_str(), 1);
                                           if (!watchdog.pid.empty())
                                             setenv("WATCHDOG_PID", watchdog.pid.c_str(), 1);
                                           prepare();
                                         },
                                         false});
    ASSERT_EQ(next(), "READY=1");
  }

  std::string manager_path() const { return directory_.path() / "manager"; }

  // Waits for the next message to the service manager; returns "nothing" if none comes.
  std::string next() const {
    std::string message;
    eventually([&] { return (message = manager_.received()) != "nothing"; });
    return message;
  }

  std::string all_received() const {
    std::string all;
    for (std::string message; (message = manager_.received()) != "nothing";)
      all += (all.empty() ? "" : " ") + message;
    return all;
  }

  ServiceManagerSocket manager_{manager_path()};
};

TEST_F(DaemonWatchTest, FeedsTheWatchdogWhileItAnswers) {
  start_watched();
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(next(), "WATCHDOG=1");
  expect_service();
  EXPECT_EQ(daemon_->log().find("ourselves"), std::string::npos) << daemon_->log();
}

TEST_F(DaemonWatchTest, StarvesTheWatchdogUntilTheSocketIsBack) {
  start_watched();
  const auto kept = directory_.path() / "kept";
  std::filesystem::rename(daemon_->socket_path(), kept);
  ASSERT_TRUE(daemon_->wait_for_log("error: no answer on our own socket " + daemon_->endpoint() +
                                    ", the watchdog waits for one: No such file or directory"));
  all_received();
  // With another socket in its place, the reason changes, which shows that the daemon has probed again.
  const pid_t other = fork();
  ASSERT_GE(other, 0);
  if (other == 0) {
    const ServiceManagerSocket datagrams(daemon_->socket_path());
    pause();
    _exit(0);
  }
  EXPECT_TRUE(daemon_->wait_for_log("the watchdog waits for one: Protocol wrong type for socket"))
      << daemon_->log();
  EXPECT_EQ(all_received(), "");
  kill(other, SIGKILL);
  waitpid(other, nullptr, 0);
  std::filesystem::rename(kept, daemon_->socket_path());
  EXPECT_EQ(next(), "WATCHDOG=1");
  EXPECT_TRUE(daemon_->wait_for_log("our own socket " + daemon_->endpoint() + " answers again"));
  expect_service();
}

TEST_F(DaemonWatchTest, AnotherDaemonOnItsSocketDoesNotFeedTheWatchdog) {
  start_watched();
  std::filesystem::remove(daemon_->socket_path());
  const TemporaryDirectory elsewhere;
  const DaemonProcess other(elsewhere.path(), store_.path(),
                            {"socket = \"" + daemon_->endpoint() + "\";", {}, true});
  EXPECT_TRUE(daemon_->wait_for_log("the watchdog waits for one: another process listens there"))
      << daemon_->log();
}

TEST_F(DaemonWatchTest, StopsWithoutItsSocket) {
  start_watched();
  std::filesystem::remove(daemon_->socket_path());
  ASSERT_TRUE(daemon_->wait_for_log("the watchdog waits for one"));
  all_received();
  daemon_->signal(SIGTERM);
  EXPECT_EQ(daemon_->wait_for_end(), 0);
  EXPECT_EQ(all_received(), "STOPPING=1");
}

TEST_F(DaemonWatchTest, FeedsTheWatchdogAgainAfterAShortageOfDescriptors) {
  start_watched();
  const rlim_t before = daemon_->limit(RLIMIT_NOFILE, 3);
  EXPECT_TRUE(daemon_->wait_for_log("the watchdog waits for one: Too many open files")) << daemon_->log();
  all_received();
  daemon_->limit(RLIMIT_NOFILE, before);
  EXPECT_EQ(next(), "WATCHDOG=1");
  expect_service();
}

// Runs as an ordinary user, because no mode keeps root out.
class DaemonWatchByModeTest : public DaemonWatchTest {
 protected:
  void start_as_nobody(const std::string& settings) {
    constexpr uid_t nobody = 65534;
    ASSERT_EQ(chown(directory_.path().c_str(), nobody, nobody), 0);
    ASSERT_EQ(chmod(manager_path().c_str(), 0666), 0);
    start_watched({"400000", ""}, settings, [] {
      if (setgid(nobody) != 0 || setuid(nobody) != 0) _exit(125);
    });
  }
};

TEST_F(DaemonWatchByModeTest, DoesNotWatchASocketThatItCouldNeverReach) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  start_as_nobody("socket_mode = \"0060\";");
  EXPECT_TRUE(daemon_->wait_for_log("warning: cannot connect to our own socket " + daemon_->endpoint() +
                                    ", nothing watches whether it answers: Permission denied"));
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(next(), "WATCHDOG=1");
}

TEST_F(DaemonWatchByModeTest, StarvesTheWatchdogIfItCanNoLongerReachTheSocket) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  start_as_nobody("");
  ASSERT_EQ(chmod(daemon_->socket_path().c_str(), 0), 0);
  EXPECT_TRUE(daemon_->wait_for_log("the watchdog waits for one: Permission denied"));
  all_received();
  ASSERT_EQ(chmod(daemon_->socket_path().c_str(), 0660), 0);
  EXPECT_EQ(next(), "WATCHDOG=1");
  EXPECT_TRUE(daemon_->wait_for_log("our own socket " + daemon_->endpoint() + " answers again"));
}

TEST_F(DaemonWatchTest, IgnoresTheWatchdogOfAnotherProcess) {
  start_watched({"1000", "1"});
  for (int i = 0; i < 20; ++i)
    expect_service();
  daemon_->signal(SIGTERM);
  EXPECT_EQ(daemon_->wait_for_end(), 0);
  EXPECT_EQ(all_received(), "STOPPING=1");
}

TEST_F(DaemonWatchTest, IgnoresAWatchdogWithoutAValidInterval) {
  for (const char* wrong : {"0", "", "-1", "1000x", "99999999999999999999"}) {
    start_watched({wrong, ""});
    for (int i = 0; i < 5; ++i)
      expect_service();
    daemon_->signal(SIGTERM);
    EXPECT_EQ(daemon_->wait_for_end(), 0);
    EXPECT_EQ(all_received(), "STOPPING=1") << wrong;
  }
}

TEST_F(DaemonWatchTest, DoesNotCountItsProbesAsConnections) {
  const auto metrics = directory_.path() / "metrics.prom";
  start_watched({"4000", ""}, "log_level = \"debug\"; metrics_file = \"" + metrics.string() + "\";");
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(next(), "WATCHDOG=1");
  EXPECT_EQ(daemon_->log().find("connection"), std::string::npos) << daemon_->log();
  daemon_->signal(SIGTERM);
  // The socket holds only some messages, and then the daemon waits.
  EXPECT_TRUE(eventually([&] {
    all_received();
    return !daemon_->is_running();
  }));
  EXPECT_EQ(daemon_->wait_for_end(), 0);
  const std::string text = read_file(metrics);
  EXPECT_NE(text.find("\ndkimsignd_connections_total 0\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\ndkimsignd_connections 0\n"), std::string::npos) << text;
}

TEST_F(DaemonWatchTest, WatchesAnInternetSocketToo) {
  const std::string endpoint = "inet6:" + std::to_string(free_port()) + "@::";
  start_watched({"4000", ""}, "socket = \"" + endpoint + "\";");
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(next(), "WATCHDOG=1");
}

}  // namespace
}  // namespace dkim::test
