// The session hashes what goes out: with the leading space of fields and without it, for every shape of
// field, in every canonicalization.
#include "tests/milter/session_fixture.hpp"

namespace dkim::test {
namespace {

using crypto::Algorithm;
using milter::Session;

class SessionSpaceTest : public SessionTest,
                         public testing::WithParamInterface<std::tuple<Session::LeadingSpace, const char*>> {
 protected:
  SessionSpaceTest() {
    store_.add_key("example.com", "r", Algorithm::rsa);
    store_.add_key("example.com", "e");
    configure("canonicalization = \"" + std::string(std::get<1>(GetParam())) + "\";");
  }

  void expect_signed(const Mail& mail) {
    expect_valid(deliver(*session(client_at("127.0.0.1"), std::get<0>(GetParam())), mail), mail, 2);
  }
};

TEST_P(SessionSpaceTest, PlainFields) {
  expect_signed({});
}

TEST_P(SessionSpaceTest, FieldsThatOtherSignersGotWrong) {
  const bool eaten = std::get<0>(GetParam()) == Session::LeadingSpace::eaten;
  const bool simple = std::string(std::get<1>(GetParam())).starts_with("simple");
  Mail mail;
  mail.fields.push_back({"References", " <a@x>\n\t<b@x>\n  <c@x>"});
  mail.fields.push_back({"Reply-To", "  two@example.com"});
  mail.fields.push_back({"Cc", " with\vvertical\ftabs "});
  mail.fields.push_back({"Comments", " not signed"});
  // Without a space one cannot tell whether the MTA has eaten one: only relaxed is reliable then.
  if (!eaten || !simple) {
    mail.fields.push_back({"List-Id", "\n <on.the.next.line>"});
    mail.fields.push_back({"In-Reply-To", "<no-space@x>"});
    mail.fields.push_back({"Content-ID", ""});
    mail.fields.push_back({"Content-Description", "\n \n\t\n "});
    mail.fields.push_back({"MIME-Version", "\t1.0"});
  }
  expect_signed(mail);
}

TEST_P(SessionSpaceTest, ManyFieldsOfOneName) {
  Mail mail;
  for (int i = 0; i < 5; ++i)
    mail.fields.push_back(
        {i % 2 == 0 ? "Resent-To" : "RESENT-TO", " r" + std::to_string(i) + "@example.net"});
  expect_signed(mail);
}

TEST_P(SessionSpaceTest, BodiesOfEveryKind) {
  for (const std::vector<std::string>& body : {std::vector<std::string>{},
                                               {""},
                                               {"\r\n"},
                                               {"\r\n\r\n\r\n"},
                                               {"no end of line"},
                                               {"a\r\n", "\r\n", "\r\n"},
                                               {"a \t b  \r", "\n", "\r\n", "c"},
                                               {" \r\n"},
                                               {std::string("nul \0 \x80\xff", 8)},
                                               {".\r\n..\r\n"},
                                               {std::string(100'000, 'x'), "\r\n"}}) {
    Mail mail;
    mail.body = body;
    expect_signed(mail);
  }
}

INSTANTIATE_TEST_SUITE_P(All, SessionSpaceTest,
                         testing::Combine(testing::Values(Session::LeadingSpace::kept,
                                                          Session::LeadingSpace::eaten),
                                          testing::Values("relaxed/relaxed", "relaxed/simple",
                                                          "simple/relaxed", "simple/simple")));

// The MTA that eats a space puts one back in front of what we insert.
TEST_F(SessionTest, InsertsItsFieldAsTheMtaWantsIt) {
  store_.add_key("example.com", "server");
  for (const auto space : {Session::LeadingSpace::kept, Session::LeadingSpace::eaten}) {
    auto connection = session(client_at("127.0.0.1"), space);
    ASSERT_EQ(connection->mail("<a@example.com>", macro()), milter::Verdict::proceed);
    connection->header("From", "a@example.com");
    ASSERT_EQ(connection->end_of_header(macro()), milter::Verdict::proceed);
    std::string value;
    connection->end_of_message(macro(), [&](const std::string&, const std::string& v) { value = v; });
    EXPECT_EQ(value.substr(0, 5), space == Session::LeadingSpace::kept ? " v=1;" : "v=1; ");
    EXPECT_EQ(value.find('\r'), std::string::npos);
    EXPECT_NE(value.find("\n\t"), std::string::npos);
  }
}

}  // namespace
}  // namespace dkim::test
