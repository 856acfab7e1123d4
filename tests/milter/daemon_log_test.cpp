// A log that cannot be written loses its lines and nothing else.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/milter/daemon_fixture.hpp"
#include "tests/support/sanitizers.hpp"

namespace dkim::test {
namespace {

class DaemonLogTest : public DaemonTest {
 protected:
  void expect_signing_goes_on() {
    auto connection = client();
    for (int i = 0; i < 50; ++i)
      expect_signed(connection, letter(i));
    // Faults write lines as well.
    ASSERT_EQ(chmod(store_.key_file("example.com", "server").c_str(), 0644), 0);
    store_.activate_only("example.com", {"server"});
    EXPECT_EQ(connection.send_message(letter()).reply.verdict, Verdict::tempfail);
    ASSERT_EQ(chmod(store_.key_file("example.com", "server").c_str(), 0640), 0);
    expect_signed(connection);
    EXPECT_TRUE(daemon_->is_running());
    daemon_->signal(SIGTERM);
    EXPECT_EQ(daemon_->wait_for_end(), 0);
  }
};

TEST_F(DaemonLogTest, FullDisk) {
  start("log_level = \"debug\";", [] {
    const int full = open("/dev/full", O_WRONLY);
    if (full < 0 || dup2(full, STDERR_FILENO) < 0) _exit(126);
  });
  expect_signing_goes_on();
  EXPECT_EQ(daemon_->log(), "");
}

TEST_F(DaemonLogTest, FileAtItsLimit) {
  if (is_sanitized) GTEST_SKIP() << "a sanitizer does not start where no file may grow";
  // Acts as if a quota were used up: by default, SIGXFSZ ends the process then.
  start("log_level = \"debug\";", [] {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_FSIZE, &none);
  });
  expect_signing_goes_on();
}

TEST_F(DaemonLogTest, PipeWithoutAReader) {
  start("log_level = \"debug\";", [] {
    int ends[2];
    if (pipe(ends) != 0 || dup2(ends[1], STDERR_FILENO) < 0) _exit(126);
    close(ends[0]);
    close(ends[1]);
  });
  expect_signing_goes_on();
}

TEST_F(DaemonLogTest, ClosedStandardError) {
  start("log_level = \"debug\";", [] { close(STDERR_FILENO); });
  expect_signing_goes_on();
}

}  // namespace
}  // namespace dkim::test
