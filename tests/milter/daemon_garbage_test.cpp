// Arbitrary bytes on the socket: the daemon closes the connection or answers it, and survives.
#include <random>

#include "tests/milter/daemon_fixture.hpp"
#include "tests/support/milter_payload.hpp"

namespace dkim::test {
namespace {

class DaemonGarbageTest : public DaemonTest {
 protected:
  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
  }

  std::string bytes(std::size_t size) {
    std::string out;
    while (out.size() < size)
      out += static_cast<char>(below(256));
    return out;
  }

  // Returns a packet of the protocol with a payload that is anything from correct to absurd.
  std::string packet() {
    static const std::string commands = "OCHMRTLNBEAQKUD";
    const char command = below(20) == 0 ? static_cast<char>(below(256)) : commands[below(commands.size())];
    std::string payload;
    switch (below(6)) {
      case 0:
        break;
      case 1:
        payload = bytes(below(40));
        break;
      case 2:
        payload = std::string("From\0 alerts@example.com\0", 25);
        break;
      case 3:
        payload = std::string("<alerts@example.com>\0", 21);
        break;
      case 4:
        payload = std::string("localhost\0", 10) + "4" + bytes(2) + std::string("127.0.0.1\0", 10);
        break;
      default:
        payload = std::string("Mi\0queue\x01\x1b[2J\0{auth_type}\0PLAIN\0", 32);
    }
    // Now and then the strings have no end, or the length is wrong.
    if (!payload.empty() && below(8) == 0) payload.pop_back();
    const std::string whole = MilterConnection::packet(command, payload);
    switch (below(12)) {
      case 0:
        return whole.substr(0, below(whole.size()) + 1);
      case 1:
        return packed_u32(static_cast<std::uint32_t>(below(200))) + whole.substr(4);
      case 2: {
        static const std::vector<std::uint32_t> absurd = {0, 0x7fffffff, 0x80000000, 0xffffffff, 1U << 21U};
        return packed_u32(absurd[below(absurd.size())]) + whole.substr(4);
      }
      default:
        return whole;
    }
  }

  // Sends until the daemon has closed the connection, or everything is sent.
  void send(MilterClient& connection, int packets) {
    try {
      for (int i = 0; i < packets; ++i)
        connection.connection().put_raw(packet());
    } catch (const MilterError& error) {
      ASSERT_TRUE(error.kind() == MilterError::Kind::closed) << error.what();
    }
  }

  std::mt19937 random_{20261124};
};

TEST_F(DaemonGarbageTest, RandomBytes) {
  start("log_level = \"debug\";");
  for (int i = 0; i < 300; ++i) {
    MilterClient connection(daemon_->endpoint());
    try {
      connection.connection().put_raw(bytes(below(2000)));
    } catch (const MilterError&) {
      // The daemon closed the connection while we wrote.
    }
    ASSERT_TRUE(daemon_->is_running()) << "round " << i;
  }
  expect_service();
}

TEST_F(DaemonGarbageTest, RandomPackets) {
  start("log_level = \"debug\";");
  for (int i = 0; i < 1500; ++i) {
    MilterClient connection(daemon_->endpoint());
    if (below(4) != 0) {
      connection.negotiate();
      if (below(4) != 0) connection.connect();
    }
    send(connection, static_cast<int>(below(30)) + 1);
    ASSERT_TRUE(daemon_->is_running()) << "round " << i;
    if (i % 100 == 0) expect_service();
  }
  expect_service();
  // Whatever was sent, each line of the log is one line of plain text.
  for (const char c : daemon_->log())
    ASSERT_TRUE((c >= ' ' && c <= '~') || c == '\n') << static_cast<int>(c);
}

TEST_F(DaemonGarbageTest, PacketsPastTheLimitCloseTheirConnection) {
  start();
  for (const std::uint32_t length : {(1U << 20U) + 70'000U, 0x7fffffffU}) {
    auto connection = client();
    connection.connection().put_raw(packed_u32(length) + "B");
    EXPECT_TRUE(connection.connection().closed_within(patience)) << length;
  }
  // libmilter takes these lengths for negative numbers, and the packet for an empty one.
  for (const std::uint32_t length : {0x80000001U, 0xffffffffU}) {
    auto connection = client();
    connection.connection().put_raw(packed_u32(length) + "B");
    expect_signed(connection);
  }
}

// Sends lists of many lengths, because anything may follow a list in memory.
TEST_F(DaemonGarbageTest, MacrosWithoutAValue) {
  start();
  for (int names = 1; names < 400; names += 2) {
    MilterClient connection(daemon_->endpoint());
    connection.negotiate();
    std::string macros = "M";
    for (int i = 0; i < names; ++i)
      macros += std::string(i % 2 == 0 ? "{name}\0" : "value\0", i % 2 == 0 ? 7 : 6);
    connection.connection().put_raw(MilterConnection::packet('D', macros));
    connection.connection().put_raw(MilterConnection::packet('M', std::string("<a@example.com>\0", 16)));
    connection.connection().put_raw(MilterConnection::packet('A', ""));
    ASSERT_TRUE(daemon_->is_running()) << names;
  }
  expect_service();
}

// Uses queue IDs and senders that no real MTA would send.
TEST_F(DaemonGarbageTest, OddMacrosAndSendersStayOnTheirLine) {
  start();
  auto connection = client();
  connection.set_macro("i", "4F\r\n1k\x1b]0;x\x07: signed d=evil");
  expect_signed(connection);
  Message message = letter();
  message.fields[0].value = " \"a\x01\x1b b\"@example.com";
  expect_signed(connection, message);
  EXPECT_TRUE(
      daemon_->wait_for_log("4F\\x0d\\x0a1k\\x1b]0;x\\x07:\\x20signed\\x20d=evil: signed d=example.com", 2));
  EXPECT_TRUE(daemon_->wait_for_log(" from=a\\x01\\x1b\\x20b@example.com "));
}

// Uses names that no MTA lets through: for fields that are not signed, and for one that is almost From.
TEST_F(DaemonGarbageTest, OddFieldNames) {
  start("on_malformed = \"reject\";");
  auto connection = client();
  Message message = letter();
  for (const char* name : {";", "X;Y", "X Y", "\xc3\xa4", "\x01", "X\tY", "DKIM-Signature", "From;", "Fro m"})
    message.fields.push_back({name, " v=1; b=x"});
  expect_signed(connection, message);
  message.fields.push_back({"from \t", " evil@example.org"});
  EXPECT_EQ(connection.send_message(message).reply.verdict, Verdict::reject);
}

}  // namespace
}  // namespace dkim::test
