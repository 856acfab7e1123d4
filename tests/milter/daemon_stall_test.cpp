// Peers that stop in the middle of a packet, or do not read their answer, hold up nobody, and the daemon
// closes their connections.
#include <atomic>
#include <thread>

#include "tests/milter/daemon_fixture.hpp"

namespace dkim::test {
namespace {

class DaemonStallTest : public DaemonTest {
 protected:
  void start_on(const std::string& family, const std::string& settings = "") {
    endpoint_ = family == "unix" ? "unix:" + (directory_.path() / "s").string()
                                 : "inet:" + std::to_string(free_port()) + "@127.0.0.1";
    start("socket = \"" + endpoint_ + "\";" + settings);
  }

  MilterClient connected() const { return client_after(2, endpoint_); }

  // Returns a peer that has sent that many bytes of a packet, after that many steps.
  MilterClient stalled(std::size_t steps, std::size_t bytes) const {
    MilterClient peer = client_after(steps, endpoint_);
    peer.connection().put_raw(packet.substr(0, bytes));
    return peer;
  }

  const std::string packet = MilterConnection::packet(SMFIC_HEADER, std::string("Subject\0 x\0", 11));
  std::string endpoint_;
};

class DaemonStalledPeersTest : public DaemonStallTest, public testing::WithParamInterface<const char*> {};

// The peers stop before the packet, after each byte of the length, after the command, and in the data.
TEST_P(DaemonStalledPeersTest, FiveHundredPeersHoldUpNoMessage) {
  start_on(GetParam());
  auto between_messages = connected();
  expect_signed(between_messages);
  for (int round = 0; round < 6; ++round) {
    std::vector<MilterClient> peers;
    for (std::size_t i = 0; i < 500; ++i) {
      peers.push_back(stalled(i / packet.size() % 7, i % packet.size()));
      if (i % 50 != 0) continue;
      auto newcomer = connected();
      expect_signed(newcomer, letter(static_cast<int>(i)));
      expect_signed(between_messages);
    }
    auto newcomer = connected();
    expect_signed(newcomer);
    expect_signed(between_messages);
    // A peer that has only paused can go on. This is a new one: on a busy machine the others may have paused
    // for too long.
    auto paused = stalled(3, 7);
    paused.connection().put_raw(packet.substr(7));
    paused.header("From", " alerts@example.com");
    EXPECT_EQ(paused.end_of_header().verdict, Verdict::proceed);
    EXPECT_EQ(paused.end_of_message().edits.size(), 1U);
    EXPECT_LT(daemon_->status_number("Threads"), 40) << "each peer has a thread";
  }
}

INSTANTIATE_TEST_SUITE_P(Sockets, DaemonStalledPeersTest, testing::Values("unix", "inet"),
                         [](const auto& socket) { return std::string(socket.param); });

TEST_F(DaemonStallTest, AnIncompletePacketEndsItsConnection) {
  start_on("unix");
  auto idle = connected();
  expect_signed(idle);
  MilterClient silent(endpoint_);
  std::vector<MilterClient> peers;
  for (std::size_t bytes = 1; bytes < packet.size(); ++bytes)
    peers.push_back(stalled(bytes % 7, bytes));
  for (auto& peer : peers)
    EXPECT_TRUE(peer.connection().closed_within(patience));
  EXPECT_TRUE(
      daemon_->wait_for_log("a connection is closed: a packet on it stayed incomplete for 10 seconds"));
  EXPECT_TRUE(daemon_->wait_for_log("over: incomplete packets, connections affected: " +
                                    std::to_string(peers.size())));
  EXPECT_EQ(daemon_->times_in_log("a packet on it stayed incomplete"), 1) << "one line is enough";
  // Between packets a connection may be silent.
  expect_signed(idle);
  silent.negotiate();
  silent.connect();
  expect_signed(silent);
}

// A packet that arrives byte by byte is not a stall.
TEST_F(DaemonStallTest, APacketInManyPiecesIsAPacket) {
  start_on("inet");
  auto connection = connected();
  connection.mail("<alerts@example.com>");
  connection.header("From", " alerts@example.com");
  for (const char byte : packet)
    connection.connection().put_raw(std::string(1, byte));
  ASSERT_EQ(connection.end_of_header().verdict, Verdict::proceed);
  EXPECT_EQ(connection.end_of_message().edits.size(), 1U);
}

// Fills the kernel's buffers of the connection.
TEST_F(DaemonStallTest, APeerThatReadsNoAnswerHoldsUpNobody) {
  start_on("unix");
  constexpr int count = 20;
  std::atomic<int> closed = 0;
  std::vector<std::thread> deaf;
  for (int i = 0; i < count; ++i) {
    deaf.emplace_back([&] {
      const std::string mail = MilterConnection::packet(SMFIC_MAIL, std::string("<a@example.com>\0", 16));
      std::string many;
      while (many.size() < 10'000)
        many += mail;
      const auto deadline = std::chrono::steady_clock::now() + 2 * patience;
      try {
        auto peer = connected();
        while (std::chrono::steady_clock::now() < deadline)
          peer.connection().put_raw(many);
      } catch (const MilterError& error) {
        if (error.kind() == MilterError::Kind::closed || error.kind() == MilterError::Kind::system) ++closed;
      }
    });
  }
  for (int i = 0; i < 50; ++i) {
    auto newcomer = connected();
    expect_signed(newcomer, letter(i));
  }
  for (auto& thread : deaf)
    thread.join();
  EXPECT_EQ(closed, count);
  EXPECT_TRUE(
      daemon_->wait_for_log("a connection is closed: the MTA did not read its answer for 10 seconds"));
  EXPECT_TRUE(daemon_->wait_for_log("over: answers not read, connections affected: 20"));
}

}  // namespace
}  // namespace dkim::test
