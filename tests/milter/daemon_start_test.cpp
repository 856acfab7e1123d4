// Start-up, and what can be seen of the process from outside.
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "tests/milter/daemon_fixture.hpp"

namespace dkim::test {
namespace {

class DaemonStartTest : public DaemonTest {
 protected:
  ProgramRun run(std::vector<std::string> arguments) const {
    return run_dkimsignd(directory_.path(), arguments);
  }

  std::string config_file(const std::string& text) const {
    const auto path = directory_.path() / "a config.conf";
    write_file(path, text, 0644);
    return path;
  }
};

TEST_F(DaemonStartTest, IsReadyOnlyOnceItAcceptsConnections) {
  for (int i = 0; i < 5; ++i) {
    start();  // throws unless READY=1 arrives
    MilterClient connection(daemon_->endpoint());
    connection.negotiate();
    struct stat status = {};
    ASSERT_EQ(stat(daemon_->socket_path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0660U) << "READY comes after the socket has its mode";
  }
}

TEST_F(DaemonStartTest, TwoDaemonsDoNotShareASocket) {
  start();
  const auto second = run({"--config", daemon_->config_path()});
  EXPECT_EQ(second.status, 1);
  EXPECT_NE(second.err.find("dkimsignd: another process already listens on " +
                            daemon_->socket_path().string() + "\n"),
            std::string::npos)
      << second.err;
  expect_service();
}

TEST_F(DaemonStartTest, StartsAfterAKilledDaemon) {
  start();
  daemon_->signal(SIGKILL);
  ASSERT_TRUE(daemon_->wait_for_end());
  EXPECT_TRUE(std::filesystem::exists(directory_.path() / "s"));
  start();
  expect_service();
}

TEST_F(DaemonStartTest, AnotherProcessCanProbeIt) {
  start();
  const auto probe = [this] { return run({"--config", daemon_->config_path(), "--probe"}); };
  const auto healthy = probe();
  EXPECT_EQ(healthy.status, 0) << healthy.err;
  EXPECT_EQ(healthy.out, "the daemon on " + daemon_->endpoint() + " answers\n");
  daemon_->signal(SIGKILL);
  ASSERT_TRUE(daemon_->wait_for_end());
  const auto unhealthy = probe();
  EXPECT_EQ(unhealthy.status, 1);
  EXPECT_EQ(unhealthy.err, "dkimsignd: no answer on " + daemon_->endpoint() + ": Connection refused\n");
}

// As process 1 of a container, it gets the children of processes that have ended.
TEST_F(DaemonStartTest, ALeftoverProcessDoesNotBecomeAZombie) {
  std::array<int, 2> names{};
  ASSERT_EQ(pipe(names.data()), 0);
  start("", [&] {
    const pid_t leftover = fork();
    if (leftover == 0) {
      while (true)
        pause();
    }
    if (write(names[1], &leftover, sizeof leftover) != sizeof leftover) _exit(125);
  });
  pid_t leftover = 0;
  ASSERT_EQ(read(names[0], &leftover, sizeof leftover), static_cast<ssize_t>(sizeof leftover));
  ASSERT_GT(leftover, 0);
  close(names[0]);
  close(names[1]);
  ASSERT_EQ(kill(leftover, SIGKILL), 0);
  // A zombie still takes signals.
  EXPECT_TRUE(eventually([leftover] { return kill(leftover, 0) != 0; }));
}

TEST_F(DaemonStartTest, OthersCannotReadItsMemory) {
  start();
  expect_service();
  const std::string proc = "/proc/" + std::to_string(daemon_->pid());
  // The /proc files of a process that is not dumpable belong to root.
  struct stat status = {};
  ASSERT_EQ(stat((proc + "/environ").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 0U);
  rlimit core{1, 1};
  ASSERT_EQ(prlimit(daemon_->pid(), RLIMIT_CORE, nullptr, &core), 0);
  EXPECT_EQ(core.rlim_cur, 0U);
  EXPECT_EQ(core.rlim_max, 0U);
  EXPECT_EQ(daemon_->status_number("NoNewPrivs"), 1);
}

TEST_F(DaemonStartTest, NotDumpableForAnOrdinaryUser) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  constexpr uid_t nobody = 65534;
  ASSERT_EQ(chown(directory_.path().c_str(), nobody, nobody), 0);
  start("log_level = \"info\";", [] {
    if (setgid(nobody) != 0 || setuid(nobody) != 0) _exit(125);
  });
  struct stat status = {};
  ASSERT_EQ(stat(("/proc/" + std::to_string(daemon_->pid()) + "/environ").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 0U) << "it would be nobody's if the process were dumpable";
  EXPECT_EQ(daemon_->log().find("running as root"), std::string::npos);
}

TEST_F(DaemonStartTest, ListensOnInternetSockets) {
  for (const char* kind : {"inet", "inet6"}) {
    const std::string address = std::string(kind) == "inet" ? "127.0.0.1" : "::1";
    const std::string endpoint = std::string(kind) + ":" + std::to_string(free_port()) + "@" + address;
    start("socket = \"" + endpoint + "\";");
    MilterClient connection(endpoint);
    connection.negotiate();
    connection.connect();
    expect_signed(connection);
  }
}

TEST_F(DaemonStartTest, SaysWhyItCannotListen) {
  const std::string endpoint = "inet:" + std::to_string(free_port()) + "@127.0.0.1";
  start("socket = \"" + endpoint + "\";");
  const auto second = run({"--config", daemon_->config_path()});
  EXPECT_EQ(second.status, 1);
  EXPECT_NE(second.err.find("Address already in use"), std::string::npos) << second.err;
}

TEST_F(DaemonStartTest, CheckFindsNothing) {
  const auto result = run({"--check", "--config",
                           config_file("socket = \"unix:" + directory_.path().string() +
                                       "/s\"; key_directory = \"" + store_.path().string() + "\";")});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out, "no problem found\n");
  EXPECT_EQ(result.err, "");
}

TEST_F(DaemonStartTest, CheckFindsProblems) {
  const auto key = store_.key_file("example.com", "server");
  ASSERT_EQ(chmod(key.c_str(), 0666), 0);
  const auto result = run({"--check", "--config",
                           config_file("socket = \"unix:" + directory_.path().string() +
                                       "/s\"; key_directory = \"" + store_.path().string() + "\";")});
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, key.string() +
                            " has mode 0666: a private key must not be open to others, nor writable by its "
                            "group; fix it with: chmod 0640 " +
                            key.string() + "\n");
}

TEST_F(DaemonStartTest, EachKindOfMistakeHasItsExitStatus) {
  const std::string broken = config_file("expiration = \"never\";\n");
  const std::string words =
      broken + ":1: \"expiration\" is a text; it must be a whole number from 0 to 316224000\n";
  for (const char* action : {"--check", "--print-config"}) {
    const auto result = run({action, "--config", broken});
    EXPECT_NE(result.err.find(words), std::string::npos) << result.err;
    EXPECT_EQ(result.status, std::string(action) == "--check" ? 1 : 2);
    EXPECT_EQ(result.out, "");
  }
  const auto daemon = run({"--config", broken});
  EXPECT_EQ(daemon.status, 2);
  EXPECT_EQ(daemon.err, "dkimsignd: " + words);
  const auto usage = run({"--no-such-option"});
  EXPECT_EQ(usage.status, 2);
  EXPECT_NE(usage.err.find("see dkimsignd --help"), std::string::npos);
}

TEST_F(DaemonStartTest, PrintsAConfigurationThatReadsBack) {
  const auto once =
      run({"--print-config", "--config", config_file("on_error = \"accept\"; expiration = 700;")});
  EXPECT_EQ(once.status, 0);
  EXPECT_NE(once.out.find("on_error = \"accept\";\n"), std::string::npos);
  const auto again = run({"--print-config", "--config", config_file(once.out)});
  EXPECT_EQ(again.status, 0);
  EXPECT_EQ(again.out, once.out);
}

TEST_F(DaemonStartTest, HelpAndVersion) {
  const auto help = run({"--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_EQ(help.out.substr(0, 9), "dkimsignd");
  const auto version = run({"--version"});
  EXPECT_EQ(version.status, 0);
  EXPECT_EQ(version.out, "dkimsignd " DKIMSIGND_VERSION "\n");
}

}  // namespace
}  // namespace dkim::test
