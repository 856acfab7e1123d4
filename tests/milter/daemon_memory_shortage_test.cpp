// If memory runs out, each message is signed correctly or deferred. When there is enough again, everything
// works as before. The tests limit the address space, which sanitizers do not allow.
#include <sys/resource.h>

#include <atomic>
#include <thread>

#include "tests/milter/daemon_fixture.hpp"
#include "tests/support/sanitizers.hpp"

namespace dkim::test {
namespace {

class DaemonMemoryShortageTest : public DaemonTest {
 protected:
  std::string with_metrics() const {
    return "metrics_file = \"" + (directory_.path() / "metrics").string() + "\"; metrics_interval = 10;";
  }

  // With so little address space, malloc(3) has one arena for all threads: another thread may take what one
  // thread has found to be free, and no address space is in reserve.
  static constexpr rlim_t little = 64 << 20;
  void SetUp() override {
    if (is_sanitized) GTEST_SKIP() << "a sanitizer needs more address space than can be limited";
  }

  void start_with_little(const std::string& settings) {
    start(settings, [] {
      const rlimit limits{little, RLIM_INFINITY};
      setrlimit(RLIMIT_AS, &limits);
    });
  }

  // Limits the running daemon.
  void limit_memory_to_what_it_has_and(rlim_t kilobytes) const {
    daemon_->limit(RLIMIT_AS, (static_cast<rlim_t>(daemon_->status_number("VmSize")) + kilobytes) * 1024);
  }

  // Returns true if the message was signed and false if it was deferred; anything else is a failure.
  bool signs(const Message& message) const {
    try {
      auto connection = client();
      const auto result = connection.send_message(message);
      if (result.reply.verdict == Verdict::tempfail) return false;
      EXPECT_EQ(delivery_fault(result, message, store_.public_keys()), "");
      return true;
    } catch (const MilterError& error) {
      EXPECT_NE(error.kind(), MilterError::Kind::timeout);
      return false;
    }
  }

  // Opens that many connections; returns the ones that reached the middle of a message.
  std::vector<MilterClient> that_take_memory(std::size_t count) const {
    std::vector<MilterClient> crowd;
    for (std::size_t i = 0; i < count; ++i) {
      try {
        auto connection = client();
        connection.mail("<alerts@example.com>");
        connection.header("X-Large", std::string(60'000, 'x'));
        connection.connection().put_raw(std::string("\0\0\xff\xffL", 5) + std::string(50'000, 'x'));
        crowd.push_back(std::move(connection));
      } catch (const MilterError&) {
        // The daemon closed it, because there was no memory.
      }
    }
    return crowd;
  }
};

TEST_F(DaemonMemoryShortageTest, DefersWhatItCannotSign) {
  start_with_little(with_metrics());
  expect_service();
  const int before = daemon_->open_descriptors();
  bool some_deferred = false;
  for (const rlim_t kilobytes : {0, 16, 64, 256, 1024, 4096}) {
    limit_memory_to_what_it_has_and(kilobytes);
    auto crowd = that_take_memory(100);
    if (crowd.size() < 100) some_deferred = true;
    daemon_->signal(SIGUSR1);
    for (int i = 0; i < 30; ++i) {
      if (!signs(letter(i))) some_deferred = true;
      ASSERT_TRUE(daemon_->is_running()) << kilobytes << " kB\n" << daemon_->log();
    }
    crowd.clear();
    daemon_->limit(RLIMIT_AS, little);
    expect_service();
  }
  EXPECT_TRUE(some_deferred) << "there was enough memory";
  EXPECT_TRUE(daemon_->wait_for_log("error: no memory left: connections are closed"));
  EXPECT_TRUE(daemon_->wait_for_log("over: no memory left"));
  EXPECT_TRUE(eventually([&] { return daemon_->open_descriptors() <= before; }));
  expect_clean_stop();
}

TEST_F(DaemonMemoryShortageTest, SurvivesWithManyThreadsAtOnce) {
  start_with_little(with_metrics() + "log_level = \"warning\";");
  Message large = letter();
  const std::string body(300'000, 'x');
  large.body = body;
  for (int round = 0; round < 10; ++round) {
    std::vector<std::thread> senders;
    for (int i = 0; i < 8; ++i) {
      senders.emplace_back([&] {
        for (int message = 0; message < 10; ++message)
          signs(large);
      });
    }
    const auto crowd = that_take_memory(500);
    store_.set_subdomains("example.com", round % 2 == 0);  // so that the daemon reads it again
    daemon_->signal(SIGUSR1);
    for (auto& sender : senders)
      sender.join();
    ASSERT_TRUE(daemon_->is_running())
        << "round " << round << ", ended with " << daemon_->wait_for_end().value_or(-1) << '\n'
        << daemon_->log();
  }
  EXPECT_TRUE(daemon_->wait_for_log("error: no memory left: connections are closed"));
  EXPECT_TRUE(eventually([&] { return signs(letter()); })) << daemon_->log();
  expect_clean_stop();
}

}  // namespace
}  // namespace dkim::test
