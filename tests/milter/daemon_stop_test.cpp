// At SIGTERM, messages in flight are finished and signed, new ones are deferred, and the daemon leaves
// nothing behind.
#include "tests/milter/daemon_fixture.hpp"

namespace dkim::test {
namespace {

class DaemonStopTest : public DaemonTest {
 protected:
  // Sends the rest of a message whose first steps are done, and expects it to be signed.
  void finish(MilterClient& connection, const Message& message, char last_step) const {
    if (last_step == SMFIC_MAIL) {
      for (const auto& field : message.fields)
        connection.header(field.name, field.value);
    }
    if (last_step != SMFIC_EOH && last_step != SMFIC_BODY) {
      EXPECT_EQ(connection.end_of_header().verdict, Verdict::proceed);
    }
    if (last_step != SMFIC_BODY) connection.body(message.body);
    MessageResult result;
    result.last_step = SMFIC_BODYEOB;
    result.reply = connection.end_of_message();
    for (const auto& edit : result.reply.edits)
      result.signatures.push_back({edit.name, edit.value});
    EXPECT_EQ(delivery_fault(result, message, store_.public_keys()), "") << last_step;
  }

  void begin(MilterClient& connection, const Message& message, char last_step) const {
    ASSERT_EQ(connection.mail(message.sender).verdict, Verdict::proceed);
    if (last_step == SMFIC_MAIL) return;
    for (const auto& field : message.fields)
      connection.header(field.name, field.value);
    if (last_step == SMFIC_HEADER) return connection.connection().flush();
    ASSERT_EQ(connection.end_of_header().verdict, Verdict::proceed);
    if (last_step == SMFIC_EOH) return;
    connection.body(message.body);
    connection.connection().flush();
  }
};

TEST_F(DaemonStopTest, FinishesMessagesInEveryStep) {
  start();
  const char steps[] = {SMFIC_MAIL, SMFIC_HEADER, SMFIC_EOH, SMFIC_BODY};
  std::vector<MilterClient> connections;
  for (const char step : steps) {
    connections.push_back(client());
    begin(connections.back(), letter(step), step);
  }
  auto between_messages = client();
  expect_signed(between_messages);

  daemon_->signal(SIGTERM);
  ASSERT_TRUE(daemon_->wait_for_log("stopping: messages in flight are finished, new ones are deferred"));
  ASSERT_TRUE(eventually([&] {
    // The socket no longer exists, and new messages on open connections are deferred.
    return between_messages.send_message(letter()).reply.verdict == Verdict::tempfail;
  }));
  EXPECT_FALSE(std::filesystem::exists(daemon_->socket_path()));
  EXPECT_THROW(MilterClient{daemon_->endpoint()}, MilterError);
  EXPECT_TRUE(daemon_->wait_for_log("deferred: dkimsignd is stopping"));

  for (std::size_t i = 0; i < connections.size(); ++i) {
    EXPECT_TRUE(daemon_->is_running()) << "message " << i << " is not finished yet";
    finish(connections[i], letter(steps[i]), steps[i]);
  }
  EXPECT_EQ(daemon_->wait_for_end(), 0);
  EXPECT_TRUE(daemon_->wait_for_log("dkimsignd: stopped\n"));
}

TEST_F(DaemonStopTest, SigintDoesTheSame) {
  start();
  auto connection = client();
  begin(connection, letter(), SMFIC_EOH);
  daemon_->signal(SIGINT);
  ASSERT_TRUE(daemon_->wait_for_log("stopping"));
  finish(connection, letter(), SMFIC_EOH);
  EXPECT_EQ(daemon_->wait_for_end(), 0);
}

TEST_F(DaemonStopTest, AnAbortedMessageIsNotWaitedFor) {
  start();
  auto connection = client();
  begin(connection, letter(), SMFIC_BODY);
  daemon_->signal(SIGTERM);
  ASSERT_TRUE(daemon_->wait_for_log("stopping"));
  connection.abort_message();
  EXPECT_EQ(daemon_->wait_for_end(), 0);
  EXPECT_TRUE(daemon_->wait_for_log("dkimsignd: stopped\n"));
}

TEST_F(DaemonStopTest, AnMtaThatGoesAwayIsNotWaitedFor) {
  start();
  {
    auto connection = client();
    begin(connection, letter(), SMFIC_BODY);
    daemon_->signal(SIGTERM);
    ASSERT_TRUE(daemon_->wait_for_log("stopping"));
  }
  EXPECT_EQ(daemon_->wait_for_end(), 0);
}

TEST_F(DaemonStopTest, IdleConnectionsAreNotWaitedFor) {
  start();
  std::vector<MilterClient> idle;
  for (int i = 0; i < 20; ++i)
    idle.push_back(client());
  daemon_->signal(SIGTERM);
  EXPECT_EQ(daemon_->wait_for_end(), 0);
}

// libmilter waits for SIGTERM as well, and would take it if the daemon were busy with the other signal.
TEST_F(DaemonStopTest, SigtermRightAfterAReloadStillFinishesMessages) {
  for (int i = 0; i < 20; ++i) {
    start();
    auto connection = client();
    begin(connection, letter(), SMFIC_EOH);
    daemon_->signal(SIGUSR1);
    daemon_->signal(SIGTERM);
    ASSERT_TRUE(daemon_->wait_for_log("stopping")) << "round " << i << "\n" << daemon_->log();
    finish(connection, letter(), SMFIC_EOH);
    connection.quit();
    EXPECT_EQ(daemon_->wait_for_end(), 0);
    std::filesystem::remove(directory_.path() / "log");
  }
}

}  // namespace
}  // namespace dkim::test
