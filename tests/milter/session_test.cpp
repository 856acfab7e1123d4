// A message's way through a session: whether it is signed, as whom, and what the log says about it.
#include "milter/session.hpp"

#include "tests/milter/session_fixture.hpp"

namespace dkim::test {
namespace {

using crypto::Algorithm;
using crypto::KeyState;
using milter::LogLevel;
using milter::Session;
using milter::Verdict;

TEST_F(SessionTest, SignsAMessageAndLogsOneLine) {
  store_.add_key("example.com", "server");
  const Mail mail;
  expect_valid(deliver(*session(), mail), mail);
  ASSERT_EQ(lines_.size(), 1U);
  EXPECT_EQ(lines_[0].level, LogLevel::info);
  EXPECT_EQ(last_line().substr(0, last_line().find(" time=")),
            "4F1k: signed d=example.com s=server a=ed25519-sha256 from=alerts@example.com size=75");
}

TEST_F(SessionTest, TwoAlgorithmsMakeTwoSignatures) {
  store_.add_key("example.com", "r", Algorithm::rsa);
  store_.add_key("example.com", "e", Algorithm::ed25519);
  const Mail mail;
  const auto outcome = deliver(*session(), mail);
  expect_valid(outcome, mail, 2);
  // The signatures are in the order of the manifest, with the first on top.
  EXPECT_EQ(signature_tag(outcome.inserted.at(0), "a"), "rsa-sha256");
  EXPECT_EQ(signature_tag(outcome.inserted.at(1), "a"), "ed25519-sha256");
  EXPECT_NE(last_line().find(" s=r,e a=rsa-sha256,ed25519-sha256 "), std::string::npos) << last_line();
}

TEST_F(SessionTest, ThreeKeysMakeThreeSignatures) {
  for (const char* selector : {"a", "b", "c"})
    store_.add_key("example.com", selector);
  const Mail mail;
  expect_valid(deliver(*session(), mail), mail, 3);
}

TEST_F(SessionTest, AMessageOfAnUntrustedClientIsAcceptedAtOnce) {
  store_.add_key("example.com", "server");
  const auto outcome = deliver(*session(client_at("203.0.113.9")), {});
  EXPECT_EQ(outcome.verdict, Verdict::accept);
  EXPECT_EQ(outcome.step, "mail");
  EXPECT_EQ(last_line(),
            "4F1k: not signed: client 203.0.113.9 is neither trusted nor authenticated, "
            "sender=<alerts@example.com>");
}

TEST_F(SessionTest, SignsForAuthenticatedClients) {
  store_.add_key("example.com", "server");
  const Mail mail;
  macros_["{auth_type}"] = "PLAIN";
  expect_valid(deliver(*session(client_at("203.0.113.9")), mail), mail);
}

TEST_F(SessionTest, ADomainWithoutAKeyIsAcceptedBeforeTheBody) {
  const auto outcome = deliver(*session(), {});
  EXPECT_EQ(outcome.verdict, Verdict::accept);
  EXPECT_EQ(outcome.step, "end of header");
  EXPECT_EQ(last_line(), "4F1k: not signed: no key for domain example.com, from=alerts@example.com");
  EXPECT_EQ(lines_.back().level, LogLevel::info);
}

TEST_F(SessionTest, APendingKeyIsNotUsed) {
  store_.add_key("example.com", "server", Algorithm::ed25519, KeyState::pending);
  const auto outcome = deliver(*session(), {});
  EXPECT_EQ(outcome.verdict, Verdict::accept);
  EXPECT_EQ(last_line(), "4F1k: not signed: key server of example.com is pending, from=alerts@example.com");
}

TEST_F(SessionTest, OnlyActiveKeysSign) {
  store_.add_key("example.com", "new", Algorithm::ed25519, KeyState::pending);
  store_.add_key("example.com", "now");
  store_.add_key("example.com", "old", Algorithm::ed25519, KeyState::retiring);
  const Mail mail;
  const auto outcome = deliver(*session(), mail);
  expect_valid(outcome, mail);
  EXPECT_EQ(signature_tag(outcome.inserted.at(0), "s"), "now");
}

TEST_F(SessionTest, TheNearestParentSignsForASubdomain) {
  store_.add_key("example.com", "server");
  Mail mail;
  mail.fields[0].value = " root@host.a.example.com";
  const auto outcome = deliver(*session(), mail);
  expect_valid(outcome, mail);
  EXPECT_EQ(signature_tag(outcome.inserted.at(0), "d"), "example.com");

  store_.set_subdomains("example.com", false);
  EXPECT_EQ(deliver(*session(), mail).verdict, Verdict::accept);
  EXPECT_NE(last_line().find("domain example.com does not sign for its subdomains"), std::string::npos);
}

TEST_F(SessionTest, ARuleNamesTheDomain) {
  store_.add_key("example.com", "a");
  store_.add_key("example.com", "b");
  configure(
      "rules = ( { sender = \"*@news.example.org\"; domain = \"example.com\"; selectors = ( \"b\" ); } );");
  Mail mail;
  mail.fields[0].value = " News <x@News.Example.ORG>";
  const auto outcome = deliver(*session(), mail);
  expect_valid(outcome, mail);
  EXPECT_EQ(signature_tag(outcome.inserted.at(0), "s"), "b");
}

struct Malformed {
  const char* reason;
  Fields fields;
};

std::vector<Malformed> malformed_messages() {
  return {{"no From field", {{"Subject", " x"}}},
          {"no From field", {}},
          {"more than one From field", {{"From", " a@example.com"}, {"from ", " b@example.com"}}},
          {"the From field has no address", {{"From", ""}}},
          {"the From field has an address without its closing >", {{"From", " <a@example.com"}}}};
}

TEST_F(SessionTest, OnMalformedDecidesAboutAMalformedMessage) {
  store_.add_key("example.com", "server");
  const std::pair<const char*, Verdict> dispositions[] = {
      {"accept", Verdict::accept}, {"tempfail", Verdict::tempfail}, {"reject", Verdict::reject}};
  for (const auto& [word, verdict] : dispositions) {
    configure("on_malformed = \"" + std::string(word) + "\"; on_error = \"accept\";");
    for (const auto& malformed : malformed_messages()) {
      lines_.clear();
      const auto outcome = deliver(*session(), {malformed.fields, {"body\r\n"}});
      EXPECT_EQ(outcome.verdict, verdict);
      EXPECT_EQ(outcome.step, "end of header");
      ASSERT_EQ(lines_.size(), 1U) << "one warning";
      EXPECT_EQ(lines_[0].level, LogLevel::warning);
      EXPECT_EQ(last_line(),
                "4F1k: not signed: malformed: " + std::string(malformed.reason) + ", on_malformed=" + word);
    }
  }
}

// The first author with a key decides, not the first author.
TEST_F(SessionTest, AFromWithSeveralAddressesIsSignedForTheFirstThatHasAKey) {
  store_.add_key("example.com", "server");
  Mail mail;
  mail.fields[0].value = " a@elsewhere.example, b@example.com";
  const auto outcome = deliver(*session(), mail);
  expect_valid(outcome, mail);
  EXPECT_NE(last_line().find(" from=b@example.com "), std::string::npos) << last_line();
}

TEST_F(SessionTest, ASenderDoesNotChooseTheCanonicalization) {
  store_.add_key("example.com", "server");
  Mail mail;
  mail.fields.push_back({"X-Canonicalization", " simple/simple"});
  mail.fields.push_back({"X-DKIM-Canonicalization", " simple/simple"});
  const auto outcome = deliver(*session(), mail);
  expect_valid(outcome, mail);
  EXPECT_EQ(signature_tag(outcome.inserted.at(0), "c"), "relaxed/relaxed");
}

TEST_F(SessionTest, TheQueueIdMayComeAsLateAsTheEnd) {
  store_.add_key("example.com", "server");
  macros_.clear();
  auto connection = session();
  ASSERT_EQ(connection->mail("<a@example.com>", macro()), Verdict::proceed);
  connection->header("From", " a@example.com");
  ASSERT_EQ(connection->end_of_header(macro()), Verdict::proceed);
  macros_["i"] = "LATE";
  Fields inserted;
  EXPECT_EQ(connection->end_of_message(macro(), keep_in(inserted)), Verdict::proceed);
  EXPECT_EQ(last_line().substr(0, 12), "LATE: signed") << last_line();
}

TEST_F(SessionTest, WithoutAnyMacroTheLineSaysNoqueue) {
  store_.add_key("example.com", "server");
  macros_.clear();
  const Mail mail;
  expect_valid(deliver(*session(), mail), mail);
  EXPECT_EQ(last_line().substr(0, 15), "NOQUEUE: signed") << last_line();
}

TEST_F(SessionTest, WarnsAboutWhatPostfixWillChange) {
  store_.add_key("example.com", "server");
  Mail mail;
  mail.fields.push_back({"References", " " + std::string(900, 'r') + "\n " + std::string(998, 's')});
  mail.body = {"ok\r\n" + std::string(600, 'x'), std::string(600, 'x') + "\r\n", "\r\nM\xc3\xbc\r\n"};
  expect_valid(deliver(*session(), mail), mail);
  ASSERT_EQ(lines_.size(), 4U);
  EXPECT_NE(lines_[1].text.find("4F1k: a line of header field References is longer than 998"),
            std::string::npos);
  EXPECT_NE(lines_[1].text.find("smtp_line_length_limit"), std::string::npos);
  EXPECT_NE(lines_[2].text.find("4F1k: body line 2 is longer than 998"), std::string::npos);
  EXPECT_NE(lines_[3].text.find("not 7-bit from line 4 on"), std::string::npos);
  EXPECT_NE(lines_[3].text.find("disable_mime_output_conversion"), std::string::npos);
}

TEST_F(SessionTest, DoesNotWarnAboutAFieldWithLinesOf998Bytes) {
  store_.add_key("example.com", "server");
  Mail mail;
  // "References:" and a space take 12 bytes.
  mail.fields.push_back({"References", " " + std::string(986, 'r') + "\n " + std::string(997, 's')});
  expect_valid(deliver(*session(), mail), mail);
  EXPECT_EQ(lines_.size(), 1U) << last_line();
  mail.fields.back().value = " " + std::string(987, 'r');
  expect_valid(deliver(*session(), mail), mail);
  EXPECT_EQ(lines_.size(), 3U);
}

TEST_F(SessionTest, WarnsAboutWhatSendmailWillChange) {
  store_.add_key("example.com", "server");
  macros_["v"] = "8.17.1.9";
  Mail mail;
  mail.fields.push_back({"References", " " + std::string(990, 'r')});
  mail.fields.push_back({"Cc", " a@example.net,b@example.net"});
  // Not signed, so that nothing breaks.
  mail.fields.push_back({"Errors-To", " a@example.net,b@example.net"});
  mail.body = {std::string(991, 'x') + "\r\nM\xc3\xbc\r\n"};
  expect_valid(deliver(*session(), mail), mail);
  ASSERT_EQ(lines_.size(), 5U);
  EXPECT_NE(lines_[1].text.find("4F1k: a line of header field References is longer than 990 bytes: sendmail"),
            std::string::npos);
  EXPECT_NE(lines_[2].text.find("4F1k: body line 1 is longer than 990 bytes: sendmail"), std::string::npos);
  EXPECT_NE(lines_[3].text.find("not 7-bit from line 2 on"), std::string::npos);
  EXPECT_NE(lines_[3].text.find("SMTP_MAILER_FLAGS"), std::string::npos);
  EXPECT_NE(lines_[4].text.find("4F1k: header field Cc has no space after a comma: sendmail writes it"),
            std::string::npos);
  EXPECT_EQ(lines_[4].level, LogLevel::warning);
}

TEST_F(SessionTest, DoesNotWarnAboutWhatSendmailKeeps) {
  store_.add_key("example.com", "server");
  macros_["v"] = "8.17.1.9";
  Mail mail;
  mail.fields.push_back({"References", " " + std::string(978, 'r')});
  mail.body = {std::string(990, 'x') + "\r\n"};
  expect_valid(deliver(*session(), mail), mail);
  EXPECT_EQ(lines_.size(), 1U) << last_line();
}

TEST_F(SessionTest, WarnsOfNoRewritingIfTheFieldIsNotSigned) {
  configure("signed_headers = ( \"-Cc\" );");
  store_.add_key("example.com", "server");
  macros_["v"] = "8.17.1.9";
  Mail mail;
  mail.fields.push_back({"Cc", " a@example.net,b@example.net"});
  expect_valid(deliver(*session(), mail), mail);
  EXPECT_EQ(lines_.size(), 1U) << last_line();
}

}  // namespace
}  // namespace dkim::test
