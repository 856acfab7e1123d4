// Runs programs, and ends them in time.
#include "keytool/system/program.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <new>
#include <streambuf>
#include <string>
#include <thread>

#include "crypto/error.hpp"
#include "crypto/file.hpp"
#include "tests/crypto/test_store.hpp"
#include "tests/support/patience.hpp"

namespace dkim::keytool {
namespace {

CapturedOutput shell(const std::string& script, std::chrono::seconds at_most = std::chrono::seconds(60)) {
  return capture_program("/bin/sh", {"-c", script}, at_most, 10'000);
}

TEST(CaptureProgram, returns_what_was_printed) {
  const auto said = shell("echo out; echo err >&2; exit 3");
  EXPECT_EQ(said.output, "out\n");
  EXPECT_EQ(said.errors, "err\n");
  EXPECT_EQ(said.status, 3);
}

TEST(FeedProgram, gives_a_text_as_standard_input) {
  const auto feed = [](const std::string& script, std::string_view input) {
    return feed_program("/bin/sh", {"-c", script}, input, std::chrono::seconds(60), 1 << 20);
  };
  EXPECT_EQ(feed("cat", "in\n").output, "in\n");
  EXPECT_EQ(feed("cat", "").output, "");
  // More than a pipe holds, to a program that prints as much, or that reads nothing.
  const std::string large(1 << 20, 'x');
  EXPECT_EQ(feed("cat", large).output, large);
  EXPECT_EQ(feed("exit 3", large).status, 3);
}

TEST(CaptureProgram, is_limited_in_bytes_and_time) {
  // The limit on its output ends it long before the limit on its time.
  const std::chrono::hours long_time(1);
  EXPECT_THROW(shell("while :; do echo too much; done", long_time), crypto::Error);
  EXPECT_THROW(shell("while :; do echo too much >&2; done", long_time), crypto::Error);
  EXPECT_THROW(shell("kill -STOP $$", std::chrono::seconds(1)), crypto::Error);
  EXPECT_THROW(shell("kill -9 $$"), crypto::Error);
  EXPECT_THROW(capture_program("/nowhere/program", {}, std::chrono::seconds(60), 10), crypto::Error);
}

TEST(CaptureProgram, allows_as_many_bytes_as_it_says) {
  EXPECT_EQ(capture_program("/bin/sh", {"-c", "printf 12345"}, std::chrono::seconds(60), 5).output, "12345");
  EXPECT_THROW(capture_program("/bin/sh", {"-c", "printf 123456"}, std::chrono::seconds(60), 5),
               crypto::Error);
}

TEST(CaptureProgram, tells_a_program_that_takes_too_long) {
  EXPECT_THROW(shell("kill -STOP $$", std::chrono::seconds(1)), ProgramTimeout);
}

TEST(CaptureProgram, gives_a_program_an_environment_of_its_own) {
  ASSERT_EQ(setenv("OURS", "value", 1), 0);
  const ProgramEnvironment environment{test::secret("A=first=1"), test::secret("B=")};
  const auto said = capture_program("/usr/bin/env", {}, std::chrono::seconds(60), 10'000, environment);
  EXPECT_EQ(said.output, "A=first=1\nB=\n");
  EXPECT_EQ(getenv("A"), nullptr);
  EXPECT_NE(shell("echo $OURS").output.find("value"), std::string::npos);
  EXPECT_EQ(capture_program("/usr/bin/env", {}, std::chrono::seconds(60), 10'000, {}).output, "");
  unsetenv("OURS");
}

TEST(CaptureProgram, gives_a_program_no_blocked_signals) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ASSERT_EQ(pthread_sigmask(SIG_BLOCK, &blocked, &before), 0);
  // Not by a shell, which may change them.
  const auto said =
      capture_program("/bin/grep", {"SigBlk", "/proc/self/status"}, std::chrono::seconds(60), 10'000);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(said.output, "SigBlk:\t0000000000000000\n");
}

TEST(CaptureProgram, does_not_wait_for_processes_left_behind) {
  // The pipe stays open until the test closes the other end.
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const crypto::FileDescriptor inherited(ends[0]);
  const crypto::FileDescriptor kept(ends[1]);
  ASSERT_EQ(fcntl(kept.get(), F_SETFD, FD_CLOEXEC), 0);
  EXPECT_EQ(shell("cat <&" + std::to_string(inherited.get()) + " & echo done").output, "done\n");
}

// Stands for standard error and counts lines. The first one takes that long.
class SlowBuffer final : public std::streambuf {
 public:
  explicit SlowBuffer(std::chrono::seconds first) : first_(first) {}
  int lines() const { return lines_; }

 private:
  int overflow(int byte) override {
    if (lines_ == 0 && byte == '\n') std::this_thread::sleep_for(first_);
    lines_ += byte == '\n' ? 1 : 0;
    return byte;
  }

  std::chrono::seconds first_;
  int lines_ = 0;
};

// Runs the script for that long. $FILE has many lines, and all of them fit into a pipe. Returns how many were
// shown.
int lines_shown_in(std::chrono::seconds limit, const std::string& script) {
  const test::TemporaryDirectory directory;
  std::string text;
  while (text.size() < 60'000)
    text += "a line.\n";
  test::write_file(directory.path() / "lines", text);
  const std::string file = "FILE=" + (directory.path() / "lines").string() + "; ";
  SlowBuffer buffer(limit);
  auto* const kept = std::cerr.rdbuf(&buffer);
  EXPECT_THROW(run_program("/bin/sh", {"-c", file + script}, limit), crypto::Error);
  std::cerr.rdbuf(kept);
  return buffer.lines();
}

// On a busy machine the script may have shown nothing after a second: it gets longer then.
int lines_shown(const std::string& script) {
  int shown = 0;
  for (std::chrono::seconds limit(1); shown == 0 && limit < test::patience; limit *= 2)
    shown = lines_shown_in(limit, script);
  return shown;
}

// Time is up while the first line is written. More lines can be read then, but there is no time for them.
TEST(RunProgram, ends_a_program_that_prints_without_pause_at_the_deadline) {
  const int shown = lines_shown("dd if=$FILE bs=60000 status=none; exec sleep 1000");
  EXPECT_GT(shown, 0);
  EXPECT_LT(shown, 1000);
}

TEST(RunProgram, ends_a_program_whose_background_child_prints_without_pause_at_the_deadline) {
  const int shown = lines_shown("dd if=$FILE bs=60000 status=none & exec sleep 1000");
  EXPECT_GT(shown, 0);
  EXPECT_LT(shown, 1000);
}

TEST(RunProgram, ends_a_program_that_has_left_its_group_at_the_deadline) {
  EXPECT_THROW(run_program("/bin/sh", {"-c", "exec setsid sleep 1000"}, std::chrono::seconds(1)),
               crypto::Error);
}

TEST(RunProgram, does_not_wait_for_a_background_child_that_prints_without_pause) {
  EXPECT_NO_THROW(run_program("/bin/sh", {"-c", "yes '' & sleep 1"}, std::chrono::hours(1)));
}

class ThrowingBuffer final : public std::streambuf {
  int overflow(int) override { throw std::bad_alloc(); }
};

TEST(RunProgram, leaves_no_program_behind_if_its_output_cannot_be_shown) {
  ThrowingBuffer buffer;
  auto* const kept = std::cerr.rdbuf(&buffer);
  std::cerr.exceptions(std::ios::badbit);
  EXPECT_THROW(run_program("/bin/sh", {"-c", "echo line; sleep 1000"}, std::chrono::seconds(60)),
               std::bad_alloc);
  std::cerr.exceptions(std::ios::goodbit);
  std::cerr.rdbuf(kept);
  std::cerr.clear();
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
}

}  // namespace
}  // namespace dkim::keytool
