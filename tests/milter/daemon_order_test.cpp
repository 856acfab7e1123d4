// Sends every packet of the milter protocol in every state of a connection. An MTA that waits for an answer
// gets one, or its connection is closed.
#include "tests/milter/daemon_fixture.hpp"

namespace dkim::test {
namespace {

using namespace std::string_literals;

// The offer of an MTA that leaves out no step and wants an answer to each, and the offer of Postfix.
constexpr std::uint32_t protocols[] = {SMFIP_SKIP, SMFI_CURR_PROT};

struct Packet {
  char command;
  std::string payload;
  bool answered;  // unless negotiated otherwise
};

const std::vector<Packet> packets = {
    {SMFIC_OPTNEG, "\0\0\0\6\0\0\1\xff\0\x1f\xff\xff"s, true},
    {SMFIC_CONNECT, "localhost\0004\x9c\x40"s + "127.0.0.1\0"s, true},
    {SMFIC_HELO, "localhost\0"s, true},
    {SMFIC_MAIL, "<alerts@example.com>\0"s, true},
    {SMFIC_RCPT, "<root@example.net>\0"s, true},
    {SMFIC_DATA, "", true},
    {SMFIC_HEADER, "From\0 alerts@example.com\0"s, true},
    {SMFIC_EOH, "", true},
    {SMFIC_BODY, "body\r\n", true},
    {SMFIC_BODYEOB, "", true},
    {SMFIC_BODYEOB, "body\r\n", true},
    {SMFIC_UNKNOWN, "NONE\0"s, true},
    {'z', "", true},
    {'\0', "", true},
    {SMFIC_MAIL, "", true},
    {SMFIC_CONNECT, "", true},
    {SMFIC_HEADER, "no end", true},
    {SMFIC_ABORT, "", false},
    {SMFIC_MACRO, "Mi\0queue\0"s, false},
    {SMFIC_MACRO, "zi\0queue\0"s, false},
    {SMFIC_MACRO, "", false},
    {SMFIC_QUIT_NC, "", false},
    {SMFIC_QUIT, "", false},
};

class DaemonOrderTest : public DaemonTest {
 protected:
  static constexpr int states = 12;

  MilterClient in_state(int state, std::uint32_t protocol) const {
    MilterClient connection(daemon_->endpoint());
    const Message message = letter();
    if (state > 0) connection.negotiate({SMFI_PROT_VERSION, SMFI_CURR_ACTS, protocol});
    if (state > 1) connection.connect();
    if (state > 2) connection.helo("localhost");
    if (state > 3) connection.mail(message.sender);
    if (state > 4) connection.rcpt("<root@example.net>");
    if (state > 5) connection.data();
    if (state > 6) connection.header("From", " alerts@example.com");
    if (state > 7) connection.end_of_header();
    if (state > 8) connection.body(message.body);
    if (state == 9) connection.end_of_message();
    if (state == 10) connection.abort_message();
    if (state == 11) connection.quit_for_new_connection();
    connection.connection().flush();
    return connection;
  }

  bool is_silent(const MilterClient& connection, const Packet& packet) const {
    static const std::map<char, std::uint32_t> steps = {
        {SMFIC_CONNECT, SMFIP_NR_CONN}, {SMFIC_HEADER, SMFIP_NR_HDR}, {SMFIC_BODY, SMFIP_NR_BODY}};
    const auto step = steps.find(packet.command);
    return !packet.answered || (step != steps.end() && (step->second & connection.agreement().protocol) != 0);
  }
};

TEST_F(DaemonOrderTest, NoMtaWaitsInVain) {
  start();
  for (const auto protocol : protocols) {
    for (int state = 0; state < states; ++state) {
      for (std::size_t i = 0; i < packets.size(); ++i) {
        auto connection = in_state(state, protocol);
        connection.connection().put_raw(MilterConnection::packet(packets[i].command, packets[i].payload));
        if (is_silent(connection, packets[i])) continue;
        ASSERT_TRUE(connection.connection().readable_within(patience))
            << "state " << state << ", packet " << i << ", protocol " << protocol;
      }
    }
  }
  EXPECT_TRUE(daemon_->is_running());
  expect_service();
  EXPECT_TRUE(daemon_->wait_for_log(
      "a connection is closed: the MTA sent a packet that the milter protocol does not allow"));
  EXPECT_TRUE(daemon_->wait_for_log("over: packets out of order, connections affected: "));
}

// Its answer has nowhere to go, which is no disorder.
TEST_F(DaemonOrderTest, AnMtaThatLeavesBeforeItsAnswerIsNotBlamed) {
  start();
  const auto before = daemon_->open_descriptors();
  for (int i = 0; i < 50; ++i) {
    auto leaving = in_state(8, protocols[0]);
    leaving.connection().put_raw(MilterConnection::packet(SMFIC_BODYEOB, ""));
  }
  EXPECT_TRUE(eventually([&] { return daemon_->open_descriptors() <= before; }));
  expect_service();
  EXPECT_EQ(daemon_->times_in_log("does not allow"), 0) << daemon_->log();
}

// QUIT_NC may come anywhere: in the middle of a message, after a verdict, twice.
TEST_F(DaemonOrderTest, AfterQuitNcComesANewSession) {
  start();
  const SmtpClient stranger{"mx.example.net", SMFIA_INET, 25, "203.0.113.9"};
  for (const auto protocol : protocols) {
    for (int state = 1; state < states; ++state) {
      auto connection = in_state(state, protocol);
      connection.quit_for_new_connection();
      connection.connect();
      expect_signed(connection, letter(state));
      connection.quit_for_new_connection();
      connection.connect(stranger);
      EXPECT_EQ(connection.mail("<alerts@example.com>").verdict, Verdict::accept) << state;
      connection.quit_for_new_connection();
      connection.quit_for_new_connection();
      connection.connect();
      expect_signed(connection);
    }
  }
}

// A verdict may end a message early. libmilter does not accept a QUIT_NC then, and would take the next client
// for the previous one.
TEST_F(DaemonOrderTest, AnEarlyVerdictDoesNotKeepTheClient) {
  start("on_malformed = \"reject\";");
  const SmtpClient stranger{"mx.example.net", SMFIA_INET, 25, "203.0.113.9"};
  Message malformed = letter();
  malformed.fields.push_back({"From", " evil@example.org"});
  for (const Message& message : {letter(1, "example.org"), malformed}) {
    auto connection = client();
    ASSERT_EQ(connection.send_message(message).last_step, SMFIC_EOH);
    connection.quit_for_new_connection();
    connection.connect(stranger);
    EXPECT_EQ(connection.mail("<alerts@example.com>").verdict, Verdict::accept);
  }
}

TEST_F(DaemonOrderTest, AnAbortEndsTheMessageOnly) {
  start();
  for (int state = 4; state < 11; ++state) {
    auto connection = in_state(state, SMFI_CURR_PROT);
    connection.abort_message();
    expect_signed(connection, letter(state));
    connection.abort_message();
    connection.abort_message();
    expect_signed(connection);
  }
}

}  // namespace
}  // namespace dkim::test
