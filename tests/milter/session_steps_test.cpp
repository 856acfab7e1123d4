// Steps in unusual orders, and several messages on one connection.
#include "tests/milter/session_fixture.hpp"

namespace dkim::test {
namespace {

using milter::Session;
using milter::Verdict;

class SessionStepsTest : public SessionTest {
 protected:
  SessionStepsTest() { store_.add_key("example.com", "server"); }

  void begin(Session& session, const char* from) {
    ASSERT_EQ(session.mail("<a@example.com>", macro()), Verdict::proceed);
    session.header("From", from);
  }

  bool nothing_in_flight() { return shared_->in_flight.wait_for_messages(std::chrono::milliseconds(0)); }
};

TEST_F(SessionStepsTest, MessagesOfOneConnectionShareNothing) {
  auto connection = session();
  for (int i = 0; i < 5; ++i) {
    Mail mail;
    mail.fields[1].value = " number " + std::to_string(i);
    mail.fields.resize(static_cast<std::size_t>(3 - i % 2));
    mail.body.assign(static_cast<std::size_t>(i), "line " + std::to_string(i) + "\r\n");
    expect_valid(deliver(*connection, mail), mail);
  }
}

TEST_F(SessionStepsTest, AnUnsignedMessageLeavesNothingForTheNext) {
  auto connection = session();
  Mail other;
  other.fields[0].value = " a@elsewhere.example";
  EXPECT_EQ(deliver(*connection, other).verdict, Verdict::accept);
  EXPECT_EQ(deliver(*connection, {Fields{}, {}}).verdict, Verdict::accept);
  const Mail mail;
  expect_valid(deliver(*connection, mail), mail);
}

TEST_F(SessionStepsTest, AbortEndsTheMessageInEveryStep) {
  const Mail mail;
  for (int steps = 0; steps <= 4; ++steps) {
    auto connection = session();
    if (steps > 0) begin(*connection, " evil@elsewhere.example, a@example.com");
    if (steps > 1) connection->header("Subject", " aborted");
    if (steps > 2) {
      EXPECT_EQ(connection->end_of_header(macro()), Verdict::proceed);
    }
    if (steps > 3) connection->body("aborted\r\n");
    connection->abort();
    EXPECT_TRUE(nothing_in_flight());
    expect_valid(deliver(*connection, mail), mail);
  }
}

TEST_F(SessionStepsTest, ANewMailReplacesAnUnfinishedMessage) {
  auto connection = session();
  begin(*connection, " a@example.com");
  EXPECT_EQ(connection->end_of_header(macro()), Verdict::proceed);
  connection->body("unfinished\r\n");
  const Mail mail;
  expect_valid(deliver(*connection, mail), mail);
  EXPECT_TRUE(nothing_in_flight());
}

TEST_F(SessionStepsTest, StepsWithoutMailDoNothing) {
  auto connection = session();
  Fields inserted;
  connection->header("From", " a@example.com");
  connection->body("body\r\n");
  EXPECT_EQ(connection->end_of_header(macro()), Verdict::proceed);
  EXPECT_EQ(connection->end_of_message(macro(), keep_in(inserted)), Verdict::proceed);
  EXPECT_TRUE(inserted.empty());
  EXPECT_TRUE(lines_.empty());
  const Mail mail;
  expect_valid(deliver(*connection, mail), mail);
}

TEST_F(SessionStepsTest, AnEndWithoutTheEndOfTheHeaderIsMalformed) {
  configure("on_malformed = \"reject\";");
  auto connection = session();
  begin(*connection, " a@example.com");
  connection->body("body\r\n");
  Fields inserted;
  EXPECT_EQ(connection->end_of_message(macro(), keep_in(inserted)), Verdict::reject);
  EXPECT_TRUE(inserted.empty());
  EXPECT_EQ(last_line(),
            "4F1k: not signed: malformed: a body without the end of a header, on_malformed=reject");
}

TEST_F(SessionStepsTest, AMessageWithoutABodyIsSigned) {
  for (const char* pair : {"relaxed/relaxed", "simple/simple"}) {
    configure("canonicalization = \"" + std::string(pair) + "\";");
    const Mail mail{{{"From", " a@example.com"}}, {}};
    expect_valid(deliver(*session(), mail), mail);
  }
}

TEST_F(SessionStepsTest, ANewClientMayComeOnTheSameConnection) {
  auto connection = session();
  const Mail mail;
  expect_valid(deliver(*connection, mail), mail);
  connection->connect(client_at("203.0.113.9"));
  EXPECT_EQ(deliver(*connection, mail).verdict, Verdict::accept);
  connection->connect(client_at("::1"));
  expect_valid(deliver(*connection, mail), mail);
}

TEST_F(SessionStepsTest, WhileStoppingNewMessagesAreDeferredAndOldOnesFinished) {
  auto connection = session();
  begin(*connection, " a@example.com");
  shared_->in_flight.begin_drain();
  EXPECT_FALSE(nothing_in_flight());

  const auto other = deliver(*session(), {});
  EXPECT_EQ(other.verdict, Verdict::tempfail);
  EXPECT_EQ(other.step, "mail");
  EXPECT_EQ(last_line(), "4F1k: deferred: dkimsignd is stopping");
  // Mail that is not ours goes on as before.
  EXPECT_EQ(deliver(*session(client_at("203.0.113.9")), {}).verdict, Verdict::accept);

  EXPECT_EQ(connection->end_of_header(macro()), Verdict::proceed);
  Fields inserted;
  EXPECT_EQ(connection->end_of_message(macro(), keep_in(inserted)), Verdict::proceed);
  EXPECT_EQ(inserted.size(), 1U);
  EXPECT_TRUE(nothing_in_flight());
}

TEST_F(SessionStepsTest, AVerdictCountsAsOnItsWayUntilTheNextStep) {
  const auto on_its_way = [&] { return !shared_->in_flight.wait_for_replies(std::chrono::milliseconds(0)); };
  auto connection = session();
  deliver(*connection, {});
  EXPECT_TRUE(on_its_way());
  EXPECT_EQ(connection->mail("<a@example.com>", macro()), Verdict::proceed);
  EXPECT_FALSE(on_its_way());
  connection->abort();
  deliver(*connection, {});
  connection.reset();
  EXPECT_FALSE(on_its_way());
}

TEST_F(SessionStepsTest, AMessageKeepsTheConfigurationOfItsMail) {
  configure("canonicalization = \"simple/simple\"; expiration = 600;");
  auto connection = session();
  begin(*connection, " a@example.com");
  shared_->replace_setup(config(""));
  EXPECT_EQ(connection->end_of_header(macro()), Verdict::proceed);
  Fields inserted;
  EXPECT_EQ(connection->end_of_message(macro(), keep_in(inserted)), Verdict::proceed);
  ASSERT_EQ(inserted.size(), 1U);
  EXPECT_EQ(signature_tag(inserted[0], "c"), "simple/simple");
  EXPECT_EQ(signature_tag(inserted[0], "x"),
            std::to_string(std::stoll(signature_tag(inserted[0], "t")) + 600));

  const Mail mail;
  const auto next = deliver(*connection, mail);
  expect_valid(next, mail);
  EXPECT_EQ(signature_tag(next.inserted.at(0), "c"), "relaxed/relaxed");
  EXPECT_EQ(signature_tag(next.inserted.at(0), "x"), "");
}

TEST_F(SessionStepsTest, AHeaderPastTheLimitsIsMalformed) {
  configure("on_malformed = \"tempfail\";");
  const std::string large(64 * 1024, 'x');
  Mail mail;
  // Name, value, colon and CRLF count: 15 such fields fit, and one that fills the rest.
  while (mail.fields.size() < 3 + 15)
    mail.fields.push_back({"X", large});
  std::size_t size = 0;
  for (const auto& field : mail.fields)
    size += field.name.size() + field.value.size() + 3;
  mail.fields.push_back({"X", std::string((1 << 20) - size - 4, 'x')});
  expect_valid(deliver(*session(), mail), mail);
  mail.fields.back().value += 'x';
  const auto outcome = deliver(*session(), mail);
  EXPECT_EQ(outcome.verdict, Verdict::tempfail);
  EXPECT_EQ(outcome.step, "end of header");
  EXPECT_EQ(last_line(),
            "4F1k: not signed: malformed: the header has more than 1 MiB or 10000 fields, "
            "on_malformed=tempfail");
}

TEST_F(SessionStepsTest, TooManyFieldsAreMalformed) {
  configure("on_malformed = \"reject\";");
  Mail mail;
  while (mail.fields.size() < 10'000)
    mail.fields.push_back({"X", "y"});
  expect_valid(deliver(*session(), mail), mail);
  mail.fields.push_back({"X", "y"});
  auto connection = session();
  EXPECT_EQ(deliver(*connection, mail).verdict, Verdict::reject);
  const Mail next;
  expect_valid(deliver(*connection, next), next);
}

}  // namespace
}  // namespace dkim::test
