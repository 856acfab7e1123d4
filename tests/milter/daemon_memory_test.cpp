// Memory stays bounded, whatever the MTA sends. The tests measure the process, so they skip themselves in
// builds with sanitizers.
#include "tests/milter/daemon_fixture.hpp"
#include "tests/support/sanitizers.hpp"

namespace dkim::test {
namespace {

class DaemonMemoryTest : public DaemonTest {
 protected:
  void SetUp() override {
    if (is_sanitized) GTEST_SKIP() << "a sanitizer's own memory cannot be told from the daemon's";
  }

  // Returns the peak of the resident memory in kB.
  long peak() const { return daemon_->status_number("VmHWM"); }
};

TEST_F(DaemonMemoryTest, ABodyOf300MegabytesTakesNoMemory) {
  start();
  auto connection = client();
  for (int i = 0; i < 20; ++i)
    expect_signed(connection, letter(i));
  const long before = peak();
  const std::string chunk = [] {
    std::string text;
    while (text.size() < 60'000)
      text += "the quick brown fox jumps  over the lazy dog\t\r\n";
    return text;
  }();
  connection.mail("<alerts@example.com>");
  connection.header("From", " alerts@example.com");
  ASSERT_EQ(connection.end_of_header().verdict, Verdict::proceed);
  std::size_t sent = 0;
  for (; sent < 300'000'000; sent += chunk.size())
    connection.body_chunk(chunk);
  EXPECT_EQ(connection.end_of_message().edits.size(), 1U);
  EXPECT_TRUE(daemon_->wait_for_log("size=" + std::to_string(sent + 26)));
  EXPECT_LT(peak() - before, 1024);
}

// A run of white space may have to be hashed after all, however long it gets: it is counted, not kept.
TEST_F(DaemonMemoryTest, EndlessWhiteSpaceTakesNoMemory) {
  start("canonicalization = \"relaxed/relaxed\";");
  auto connection = client();
  expect_signed(connection);
  const long before = peak();
  for (const std::string& piece : {std::string(60'000, ' '), [] {
                                     std::string lines;
                                     while (lines.size() < 60'000)
                                       lines += "\r\n";
                                     return lines;
                                   }()}) {
    connection.mail("<alerts@example.com>");
    connection.header("From", " alerts@example.com");
    ASSERT_EQ(connection.end_of_header().verdict, Verdict::proceed);
    for (int i = 0; i < 1000; ++i)
      connection.body_chunk(piece);
    connection.body_chunk("x\r\n");
    EXPECT_EQ(connection.end_of_message().edits.size(), 1U);
  }
  EXPECT_LT(peak() - before, 1024);
}

TEST_F(DaemonMemoryTest, AnEndlessHeaderTakesLimitedMemory) {
  start();
  auto connection = client();
  expect_signed(connection);
  const long before = peak();
  for (const std::size_t size : {std::size_t{10}, std::size_t{60'000}}) {
    connection.mail("<alerts@example.com>");
    connection.header("From", " alerts@example.com");
    const std::string value(size, 'x');
    for (std::size_t sent = 0; sent < 100'000'000 && sent < size * 60'000; sent += size)
      connection.header("X-Flood", value);
    EXPECT_EQ(connection.end_of_header().verdict, Verdict::accept);
  }
  EXPECT_TRUE(daemon_->wait_for_log("more than 1 MiB or 10000 fields", 2));
  EXPECT_LT(peak() - before, 8 * 1024);
}

TEST_F(DaemonMemoryTest, TwoThousandIdleConnectionsTakeLittleMemory) {
  raise_descriptor_limit(2100);
  start();
  expect_service();
  const long before = daemon_->status_number("VmRSS");
  std::vector<MilterClient> idle;
  for (int i = 0; i < 2000; ++i) {
    idle.push_back(client());
    idle.back().connection().flush();
  }
  // All have been served, and their threads have ended.
  expect_signed(idle.back());
  EXPECT_TRUE(eventually([&] { return daemon_->status_number("Threads") < 20; }));
  EXPECT_LT(daemon_->status_number("VmRSS") - before, 20 * 1024);
}

TEST_F(DaemonMemoryTest, ManyMessagesLeakNothing) {
  start("log_level = \"error\";");
  auto connection = client();
  const auto send = [&](int messages) {
    for (int i = 0; i < messages; ++i)
      ASSERT_EQ(connection.send_message(letter(i)).signatures.size(), 1U);
  };
  send(2000);
  const long before = daemon_->status_number("VmRSS");
  send(20'000);
  EXPECT_LT(daemon_->status_number("VmRSS") - before, 512);
}

// A replaced configuration is freed with the last message that began under it.
TEST_F(DaemonMemoryTest, ReloadsLeakNothing) {
  start();
  const auto reload = [&](int times) {
    for (int i = 0; i < times; ++i) {
      std::filesystem::resize_file(directory_.path() / "log", 0);
      daemon_->signal(SIGUSR1);
      ASSERT_TRUE(daemon_->wait_for_log("configuration reloaded"));
      expect_service();
    }
  };
  reload(100);
  const long before = daemon_->status_number("VmRSS");
  reload(400);
  EXPECT_LT(daemon_->status_number("VmRSS") - before, 1024);
}

}  // namespace
}  // namespace dkim::test
