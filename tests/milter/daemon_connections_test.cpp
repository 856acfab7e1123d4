// Connections that stall, stay open, arrive in crowds or break off do not affect the others.
#include <sys/resource.h>

#include "tests/milter/daemon_fixture.hpp"

namespace dkim::test {
namespace {

using Packet = std::string;

class DaemonConnectionsTest : public DaemonTest {
 protected:
  // Returns connections that have stopped after each step, and some that have stopped within a packet.
  std::vector<MilterClient> stalled_in_every_step() const {
    std::vector<MilterClient> stalled;
    const auto add = [&](std::size_t steps) -> MilterClient& {
      stalled.push_back(client_after(steps, daemon_->endpoint()));
      stalled.back().connection().flush();
      return stalled.back();
    };
    const Packet header = MilterConnection::packet(SMFIC_HEADER, std::string("Subject\0 x\0", 11));
    for (std::size_t steps = 0; steps <= 6; ++steps) {
      add(steps);
      add(steps).connection().put_raw(Packet(1, '\0'));      // within the length
      add(steps).connection().put_raw(header.substr(0, 4));  // before the command
      add(steps).connection().put_raw(header.substr(0, 9));  // within the payload
      add(steps).connection().put_raw(
          Packet("\0\1\0\0B", 5));  // announces a long packet and sends nothing more
    }
    return stalled;
  }
};

TEST_F(DaemonConnectionsTest, AStallInAnyStepHoldsUpNobody) {
  start();
  auto stalled = stalled_in_every_step();
  auto connection = client();
  for (int i = 0; i < 50; ++i)
    expect_signed(connection, letter(i));
  for (int i = 0; i < 10; ++i)
    expect_service();
  // A peer that has only paused can go on.
  stalled[5 * 3].header("From", " alerts@example.com");
  EXPECT_EQ(stalled[5 * 3].end_of_header().verdict, Verdict::proceed);
  EXPECT_EQ(stalled[5 * 3].end_of_message().edits.size(), 1U);
  stalled.clear();
  expect_service();
}

TEST_F(DaemonConnectionsTest, TwoThousandIdleConnectionsAndAMessage) {
  raise_descriptor_limit(2100);
  // The daemon starts with the usual soft limit and has to raise it.
  start("", [] {
    rlimit usual{};
    getrlimit(RLIMIT_NOFILE, &usual);
    usual.rlim_cur = 1024;
    setrlimit(RLIMIT_NOFILE, &usual);
  });
  std::vector<MilterClient> idle;
  for (int i = 0; i < 2000; ++i) {
    idle.emplace_back(daemon_->endpoint());
    if (i % 2 == 0) {
      idle.back().negotiate();
      idle.back().connect();
      idle.back().connection().flush();
    }
  }
  expect_service();
  expect_signed(idle[0]);
  expect_signed(idle[1998]);
  idle.clear();
  expect_service();
}

TEST_F(DaemonConnectionsTest, BreakingOffLeaksNoDescriptor) {
  start();
  expect_service();
  int before = 0;
  ASSERT_TRUE(eventually([&] { return (before = daemon_->open_descriptors()) < 12; }));
  for (int round = 0; round < 5; ++round)
    stalled_in_every_step();
  // Faults leave no descriptor open either.
  std::filesystem::remove(store_.key_file("example.com", "server"));
  store_.set_subdomains("example.com", false);
  for (int i = 0; i < 50; ++i) {
    auto connection = client();
    EXPECT_EQ(connection.send_message(letter()).reply.verdict, Verdict::tempfail);
  }
  EXPECT_TRUE(eventually([&] { return daemon_->open_descriptors() <= before; }))
      << daemon_->open_descriptors();
}

}  // namespace
}  // namespace dkim::test
