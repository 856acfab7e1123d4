// Keys are rotated while mail flows: no message goes unsigned, and none has the selector of one key with the
// signature of another.
#include <atomic>
#include <thread>

#include "canon/line_endings.hpp"
#include "tests/milter/daemon_fixture.hpp"
#include "tests/support/signature_check.hpp"

namespace dkim::test {
namespace {

class DaemonRotationTest : public DaemonTest {
 protected:
  struct Sent {
    int messages = 0;
    int by_first = 0;
    std::string fault;
  };

  // Sends messages over a connection until there are enough of them and `also` holds.
  Sent send_until(int enough, const std::function<bool()>& also) const {
    Sent sent;
    try {
      auto connection = client();
      while (sent.fault.empty() && (sent.messages < enough || !also())) {
        const Message message = letter(sent.messages);
        const auto result = connection.send_message(message);
        sent.fault = delivery_fault(result, message, store_.public_keys());
        ++sent.messages;
        if (sent.fault.empty() &&
            signature_tag({"", canon::to_crlf(result.signatures[0].value)}, "s") == "first")
          ++sent.by_first;
      }
    } catch (const std::exception& error) {
      sent.fault = error.what();
    }
    return sent;
  }
};

TEST_F(DaemonRotationTest, EveryMessageIsSignedByAnActiveKey) {
  store_.add_key("example.com", "first", crypto::Algorithm::rsa);
  store_.add_key("example.com", "second");
  store_.activate_only("example.com", {"first"});
  start();
  constexpr int connections = 4;
  constexpr int messages = 600;
  constexpr int rotations = 40;
  std::atomic<int> rotated = 0;
  std::atomic<int> running = connections;
  std::vector<Sent> results(connections);
  std::vector<std::thread> senders;
  for (int i = 0; i < connections; ++i) {
    senders.emplace_back([&, i] {
      results[static_cast<std::size_t>(i)] = send_until(messages, [&] { return rotated >= rotations; });
      --running;
    });
  }
  while (running > 0) {
    store_.activate_only("example.com", {rotated % 2 == 0 ? "second" : "first"});
    ++rotated;
  }
  for (auto& sender : senders)
    sender.join();

  int by_first = 0;
  int all = 0;
  for (const auto& sent : results) {
    EXPECT_EQ(sent.fault, "");
    all += sent.messages;
    by_first += sent.by_first;
  }
  EXPECT_GE(all, 2000);
  EXPECT_GE(rotated, rotations);
  EXPECT_GT(by_first, 0) << "of " << all;
  EXPECT_LT(by_first, all);
  EXPECT_EQ(daemon_->log().find("not signed"), std::string::npos);
}

// Reloads the configuration as often as possible.
TEST_F(DaemonRotationTest, ReloadsUnderLoadLoseNothing) {
  start("canonicalization = \"relaxed/relaxed\";");
  constexpr int connections = 3;
  constexpr int reloads = 100;
  std::atomic<int> reloaded = 0;
  std::atomic<int> running = connections;
  std::vector<Sent> results(connections);
  std::vector<std::thread> senders;
  for (int i = 0; i < connections; ++i) {
    senders.emplace_back([&, i] {
      results[static_cast<std::size_t>(i)] = send_until(100, [&] { return reloaded >= reloads; });
      --running;
    });
  }
  while (running > 0) {
    daemon_->write_config("canonicalization = \"" +
                          std::string(reloaded % 2 == 0 ? "simple/simple" : "relaxed/relaxed") + "\";");
    daemon_->signal(SIGUSR1);
    ++reloaded;
  }
  for (auto& sender : senders)
    sender.join();
  for (const auto& sent : results)
    EXPECT_EQ(sent.fault, "");
  EXPECT_TRUE(daemon_->wait_for_log("configuration reloaded"));
  EXPECT_EQ(daemon_->log().find("not reloaded"), std::string::npos);
  expect_service();
}

}  // namespace
}  // namespace dkim::test
