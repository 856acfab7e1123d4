// Messages far larger than any real one.
#include "tests/milter/daemon_fixture.hpp"

namespace dkim::test {
namespace {

class DaemonLargeTest : public DaemonTest {};

// Postfix sends fields of up to header_size_limit (102400 bytes), more than libmilter takes by default.
TEST_F(DaemonLargeTest, AFieldOf100KiBIsSigned) {
  start();
  Message message = letter();
  std::string value;
  while (value.size() < 102'300)
    value += " <" + std::to_string(value.size()) + "@example.com>\n";
  value.pop_back();
  message.fields.push_back({"References", value});
  auto connection = client();
  expect_signed(connection, message);
  message.fields.push_back({"X-Large", std::string(500'000, 'x')});
  expect_signed(connection, message);
}

TEST_F(DaemonLargeTest, AHeaderPastTheLimitsIsMalformed) {
  start("on_malformed = \"reject\";");
  Message many = letter();
  while (many.fields.size() <= 10'000)
    many.fields.push_back({"X", " y"});
  Message large = letter();
  for (int i = 0; i < 20; ++i)
    large.fields.push_back({"X", std::string(60'000, 'x')});
  Message one = letter();
  one.fields.push_back({"X", std::string(1 << 20, 'x')});
  auto connection = client();
  for (const auto& message : {many, large, one}) {
    const auto result = connection.send_message(message);
    EXPECT_EQ(result.reply.verdict, Verdict::reject);
    EXPECT_EQ(result.last_step, SMFIC_EOH);
    expect_signed(connection);
  }
  EXPECT_TRUE(daemon_->wait_for_log(
      "not signed: malformed: the header has more than 1 MiB or 10000 fields, on_malformed=reject", 3));
}

TEST_F(DaemonLargeTest, ABodyInManyChunksIsSigned) {
  start();
  std::string body;
  while (body.size() < 5'000'000)
    body += "The quick brown fox  jumps over the lazy dog " + std::to_string(body.size()) + " \t\r\n";
  Message message = letter();
  message.body = body;
  auto connection = client();
  expect_signed(connection, message);
}

}  // namespace
}  // namespace dkim::test
