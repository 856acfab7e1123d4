// Parts of the dialogue with an MTA that miltertest cannot express.
#include "tests/milter/daemon_fixture.hpp"

namespace dkim::test {
namespace {

// SMFIF_ADDHDRS of libmilter's mfapi.h, which cannot be included together with mfdef.h.
constexpr std::uint32_t only_inserting = 0x1;

class DaemonDialogueTest : public DaemonTest {
 protected:
  Reply mail_from(const SmtpClient& smtp_client) const {
    MilterClient connection(daemon_->endpoint());
    connection.negotiate();
    connection.connect(smtp_client);
    return connection.mail("<alerts@example.com>");
  }
};

TEST_F(DaemonDialogueTest, AsksForTheMacrosThatItUsesAndNoOthers) {
  start("macros = ( { name = \"{daemon_name}\"; values = ( \"x\" ); }, { name = \"{mark}\"; } );");
  MilterClient connection(daemon_->endpoint());
  const auto& symbols = connection.negotiate().symbols;
  using Names = std::vector<std::string>;
  const auto of = [&](Stage stage) { return symbols[static_cast<std::size_t>(stage)]; };
  EXPECT_EQ(of(Stage::connect), (Names{"v", "{daemon_name}", "{mark}"}));
  EXPECT_EQ(of(Stage::mail), (Names{"i", "{auth_type}", "{auth_authen}", "{daemon_name}", "{mark}"}));
  EXPECT_EQ(of(Stage::end_of_header), Names{"i"});
  EXPECT_EQ(of(Stage::end_of_message), Names{"i"});
  for (const Stage stage : {Stage::helo, Stage::rcpt, Stage::data})
    EXPECT_EQ(of(stage), std::nullopt);
}

TEST_F(DaemonDialogueTest, WorksWithAnMtaThatTakesNoListOfMacros) {
  start();
  auto connection = client({SMFI_PROT_VERSION, only_inserting, SMFI_CURR_PROT});
  for (const auto& symbols : connection.agreement().symbols)
    EXPECT_EQ(symbols, std::nullopt);
  connection.set_macro("i", "4F1k");
  expect_signed(connection);
  EXPECT_TRUE(daemon_->wait_for_log("4F1k: signed"));
}

TEST_F(DaemonDialogueTest, AsksForNothingThatWasNotOffered) {
  start();
  for (std::uint32_t bit = 0; bit < 21; ++bit) {
    const std::uint32_t offered = SMFI_CURR_PROT & ~(1U << bit);
    auto connection = client({SMFI_PROT_VERSION, SMFI_CURR_ACTS, offered});
    EXPECT_EQ(connection.agreement().protocol & ~offered, 0U) << bit;
    expect_signed(connection);
  }
}

TEST_F(DaemonDialogueTest, AClientOnALocalSocketIsOurs) {
  start("trusted_networks = ();");
  MilterClient connection(daemon_->endpoint());
  connection.negotiate();
  connection.connect({"localhost", SMFIA_UNIX, 0, "/run/a.sock"});
  expect_signed(connection);
}

TEST_F(DaemonDialogueTest, ReadsAddressesAsPostfixWritesThem) {
  start();
  EXPECT_EQ(mail_from({"localhost", SMFIA_INET6, 25, "IPv6:::1"}).verdict, Verdict::proceed);
  EXPECT_EQ(mail_from({"localhost", SMFIA_INET6, 25, "::1"}).verdict, Verdict::proceed);
  EXPECT_EQ(mail_from({"localhost", SMFIA_INET6, 25, "::ffff:127.0.0.1"}).verdict, Verdict::proceed);
  EXPECT_EQ(mail_from({"x", SMFIA_INET6, 25, "IPv6:2001:db8::1"}).verdict, Verdict::accept);
  EXPECT_EQ(mail_from({"unknown", SMFIA_UNKNOWN, 0, ""}).verdict, Verdict::accept);
  EXPECT_TRUE(daemon_->wait_for_log("client of unknown address is neither trusted nor authenticated"));
  EXPECT_TRUE(daemon_->wait_for_log("client 2001:db8::1 is neither trusted nor authenticated"));
}

TEST_F(DaemonDialogueTest, WithoutAConnectStepNobodyIsTrusted) {
  start();
  MilterClient connection(daemon_->endpoint());
  connection.negotiate();
  EXPECT_EQ(connection.mail("<alerts@example.com>").verdict, Verdict::accept);
}

TEST_F(DaemonDialogueTest, WithoutANegotiationNothingPasses) {
  start();
  MilterClient connection(daemon_->endpoint());
  EXPECT_EQ(connection.mail("<alerts@example.com>").verdict, Verdict::tempfail);
  EXPECT_TRUE(daemon_->wait_for_log(
      "error: a connection has no session, its mail is deferred: the MTA has negotiated nothing"));
  expect_service();
}

TEST_F(DaemonDialogueTest, ABodyBeforeMailIsNotPartOfTheMessage) {
  start();
  auto connection = client();
  connection.body_chunk("before MAIL\r\n");
  connection.header("From", " evil@example.org");
  connection.body_chunk("still before MAIL\r\n");
  expect_signed(connection);
  connection.body_chunk("after the end\r\n");
  expect_signed(connection, letter(1));
}

// Some MTAs send the last part of the body, or all of it, with the end of the message.
TEST_F(DaemonDialogueTest, ABodyInTheEndOfMessageIsSigned) {
  start();
  for (const std::uint32_t without : {0U, static_cast<std::uint32_t>(SMFIP_NR_BODY)}) {
    auto connection =
        client({SMFI_PROT_VERSION, SMFI_CURR_ACTS, static_cast<std::uint32_t>(SMFI_CURR_PROT) & ~without});
    for (const std::size_t in_chunks : {std::size_t{0}, std::size_t{10}, letter().body.size()}) {
      const Message message = letter();
      connection.mail(message.sender);
      for (const auto& field : message.fields)
        connection.header(field.name, field.value);
      ASSERT_EQ(connection.end_of_header().verdict, Verdict::proceed);
      connection.body(message.body.substr(0, in_chunks));
      MessageResult result;
      result.last_step = SMFIC_BODYEOB;
      result.reply = connection.end_of_message(message.body.substr(in_chunks));
      for (const auto& edit : result.reply.edits)
        result.signatures.push_back({edit.name, edit.value});
      EXPECT_EQ(delivery_fault(result, message, store_.public_keys()), "") << without << ' ' << in_chunks;
    }
  }
}

// QUIT_NC ends a client's session and leaves the connection for the next one.
TEST_F(DaemonDialogueTest, SignsInANewSessionOnAnOldConnection) {
  start();
  for (const std::uint32_t without : {0U, static_cast<std::uint32_t>(SMFIP_NR_CONN | SMFIP_HDR_LEADSPC)}) {
    auto connection =
        client({SMFI_PROT_VERSION, SMFI_CURR_ACTS, static_cast<std::uint32_t>(SMFI_CURR_PROT) & ~without});
    for (int i = 0; i < 20; ++i) {
      expect_signed(connection, letter(i));
      connection.quit_for_new_connection();
      connection.connect();
    }
    expect_signed(connection);
  }
}

TEST_F(DaemonDialogueTest, ASessionInheritsNothingFromTheOneBefore) {
  start("macros = ( { name = \"{mark}\"; } );");
  const SmtpClient stranger{"mx.example.net", SMFIA_INET, 25, "203.0.113.9"};
  const auto verdict_of_stranger = [&](MilterClient& connection) {
    connection.quit_for_new_connection();
    connection.connect(stranger);
    return connection.mail("<alerts@example.com>").verdict;
  };
  auto trusted = client();
  expect_signed(trusted);
  EXPECT_EQ(verdict_of_stranger(trusted), Verdict::accept) << "the address";
  for (const char* macro : {"{auth_type}", "{mark}"}) {
    MilterClient connection(daemon_->endpoint());
    connection.negotiate();
    connection.set_macro(macro, "x");
    connection.connect(stranger);
    expect_signed(connection);
    connection.unset_macro(macro);
    EXPECT_EQ(verdict_of_stranger(connection), Verdict::accept) << macro;
  }
  // In the middle of a message.
  auto unfinished = client();
  unfinished.mail("<alerts@example.com>");
  unfinished.header("From", " evil@example.org");
  unfinished.abort_message();
  unfinished.quit_for_new_connection();
  unfinished.connect();
  expect_signed(unfinished);
}

TEST_F(DaemonDialogueTest, InsertsOnTop) {
  store_.add_key("example.com", "second", crypto::Algorithm::rsa);
  start();
  auto connection = client();
  const Message message = letter();
  const auto result = connection.send_message(message);
  EXPECT_EQ(delivery_fault(result, message, store_.public_keys(), 2), "");
  for (const auto& edit : result.reply.edits) {
    EXPECT_EQ(edit.command, SMFIR_INSHEADER);
    EXPECT_EQ(edit.index, 0U);
  }
  EXPECT_EQ(result.reply.other_edits, "");
}

}  // namespace
}  // namespace dkim::test
