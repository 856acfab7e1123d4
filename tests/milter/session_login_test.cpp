// Which domains an authenticated client may write from, by its login.
#include <filesystem>
#include <fstream>

#include "milter/session.hpp"
#include "tests/milter/session_fixture.hpp"

namespace dkim::test {
namespace {

using milter::LogLevel;
using milter::Verdict;

class SessionLoginTest : public SessionTest {
 protected:
  SessionLoginTest() {
    store_.add_key("example.com", "server");
    macros_["{auth_type}"] = "PLAIN";
    macros_["{auth_authen}"] = "joe@example.com";
  }

  // Returns "signed", or the last line of the log.
  std::string send(std::string_view author = "alerts@example.com") {
    Mail mail;
    mail.fields[0].value = " " + std::string(author);
    const auto connection = session(client_at("203.0.113.9"));
    Outcome outcome;
    // As the guard in milter/callbacks does.
    try {
      outcome = deliver(*connection, mail);
    } catch (const std::exception& error) {
      outcome.verdict = connection->fault(error);
    }
    verdict_ = outcome.verdict;
    reply_ = connection->reply_text() == nullptr ? "" : connection->reply_text();
    if (outcome.inserted.empty()) return last_line();
    expect_valid(outcome, mail);
    return "signed";
  }

  Verdict verdict_ = Verdict::proceed;
  std::string reply_;  // the text for the client
};

TEST_F(SessionLoginTest, WithoutTheSettingLoginsDoNotMatter) {
  macros_["{auth_authen}"] = "joe@other.example";
  EXPECT_EQ(send(), "signed");
}

TEST_F(SessionLoginTest, ALoginMayUseItsOwnDomain) {
  configure("logins = \"domain\";");
  EXPECT_EQ(send(), "signed");
  EXPECT_EQ(send("root@host.example.com"), "signed");
  macros_["{auth_authen}"] = "joe@host.example.com";
  EXPECT_EQ(send("root@host.example.com"), "signed") << "as the parent domain";
  EXPECT_EQ(send(),
            "4F1k: not signed: the login joe@host.example.com may not use the domain example.com, "
            "from=alerts@example.com, on_foreign_author=accept");
  EXPECT_EQ(lines_.back().level, LogLevel::warning);
  EXPECT_EQ(verdict_, Verdict::accept);
}

TEST_F(SessionLoginTest, EveryAuthorCounts) {
  configure("logins = \"domain\";");
  EXPECT_EQ(send("alerts@example.com, root@other.example"),
            "4F1k: not signed: the login joe@example.com may not use the domain other.example, "
            "from=root@other.example, on_foreign_author=accept");
}

TEST_F(SessionLoginTest, ALoginWithoutANameMayUseNothing) {
  configure("logins = \"domain\";");
  macros_.erase("{auth_authen}");
  EXPECT_EQ(send(),
            "4F1k: not signed: the login without a name may not use the domain example.com, "
            "from=alerts@example.com, on_foreign_author=accept");
}

TEST_F(SessionLoginTest, AClientThatHasNotLoggedInIsNotJudged) {
  configure("logins = \"domain\"; trusted_networks = ( \"203.0.113.0/24\" );");
  macros_.erase("{auth_type}");
  macros_.erase("{auth_authen}");
  EXPECT_EQ(send(), "signed");
}

// An MTA that does not say how the client has logged in still names it.
TEST_F(SessionLoginTest, ANameAloneIsALogin) {
  configure("logins = \"domain\"; trusted_networks = ( \"203.0.113.0/24\" );");
  macros_.erase("{auth_type}");
  EXPECT_EQ(send(), "signed");
  macros_["{auth_authen}"] = "joe@other.example";
  EXPECT_EQ(send(),
            "4F1k: not signed: the login joe@other.example may not use the domain example.com, "
            "from=alerts@example.com, on_foreign_author=accept");
  macros_["{auth_authen}"] = "";
  EXPECT_EQ(send(), "signed") << "an empty name is no login";
}

// Trust by network or by a macro does not make up for a foreign login.
TEST_F(SessionLoginTest, ATrustedClientThatHasLoggedInIsJudged) {
  configure(
      "logins = \"domain\"; sign_authenticated = false; trusted_networks = ( \"203.0.113.0/24\" );"
      "macros = ( { name = \"{daemon_name}\"; } );");
  macros_["{daemon_name}"] = "ORIGINATING";
  EXPECT_EQ(send(), "signed");
  macros_["{auth_authen}"] = "joe@other.example";
  EXPECT_NE(send(), "signed");
}

// Only addresses in From: count: no receiver compares others with a signature.
TEST_F(SessionLoginTest, SenderAndReplyToAreNotJudged) {
  configure("logins = \"domain\";");
  Mail mail;
  mail.fields.push_back({"Sender", " eve@other.example"});
  mail.fields.push_back({"Reply-To", " eve@other.example"});
  const auto outcome = deliver(*session(client_at("203.0.113.9")), mail);
  expect_valid(outcome, mail);
}

TEST_F(SessionLoginTest, AnAuthorBehindManyCounts) {
  configure("logins = \"domain\";");
  std::string authors;
  for (int i = 0; i < 200; ++i)
    authors += "alerts@example.com, ";
  EXPECT_EQ(send(authors + "alerts@example.com"), "signed");
  EXPECT_EQ(send(authors + "ceo@bank.example"),
            "4F1k: not signed: the login joe@example.com may not use the domain bank.example, "
            "from=ceo@bank.example, on_foreign_author=accept");
}

TEST_F(SessionLoginTest, ARuleForTheAuthorChangesNothing) {
  configure("logins = \"domain\"; rules = ( { sender = \"*\"; domain = \"example.com\"; } );");
  EXPECT_EQ(send(), "signed");
  EXPECT_EQ(send("root@other.example"),
            "4F1k: not signed: the login joe@example.com may not use the domain other.example, "
            "from=root@other.example, on_foreign_author=accept");
  EXPECT_EQ(send("root@[192.0.2.1]"),
            "4F1k: not signed: the login joe@example.com may not use the domain [192.0.2.1], "
            "from=root@[192.0.2.1], on_foreign_author=accept");
  macros_["{auth_authen}"] = "joe@other.example";
  EXPECT_EQ(send("root@other.example"), "signed") << "the author is judged, not the domain that signs";
}

// A login is chosen by its owner: it must not look like another part of the line.
TEST_F(SessionLoginTest, ALoginCannotForgeTheLog) {
  configure("logins = \"domain\";");
  macros_["{auth_authen}"] = "x may\n4F1k: signed d=a.example from=\\\x1b[31m\xc3\xb6";
  EXPECT_EQ(send(),
            "4F1k: not signed: the login "
            "x\\x20may\\x0a4F1k:\\x20signed\\x20d=a.example\\x20from=\\\\\\x1b[31m\\xc3\\xb6 "
            "may not use the domain example.com, from=alerts@example.com, on_foreign_author=accept");
  macros_["{auth_authen}"] = std::string(60'000, 'x');
  EXPECT_LT(send().size(), 600U);
}

TEST_F(SessionLoginTest, OtherRefusalsHaveTheMtasWords) {
  configure("logins = \"domain\"; on_foreign_author = \"reject\"; on_malformed = \"reject\";");
  EXPECT_TRUE(send("nobody").ends_with("on_malformed=reject")) << last_line();
  EXPECT_EQ(reply_, "");
}

TEST_F(SessionLoginTest, LaterMailOnTheConnectionHasItsOwnLogin) {
  configure("logins = \"domain\"; on_foreign_author = \"reject\";");
  const auto connection = session(client_at("203.0.113.9"));
  const Mail mail;
  expect_valid(deliver(*connection, mail), mail);
  macros_["{auth_authen}"] = "joe@other.example";
  EXPECT_TRUE(deliver(*connection, mail).inserted.empty());
  macros_["{auth_authen}"] = "joe@example.com";
  expect_valid(deliver(*connection, mail), mail);
  EXPECT_EQ(connection->reply_text(), nullptr);
}

TEST_F(SessionLoginTest, MailThatNobodySignsIsNotJudged) {
  configure("logins = \"domain\"; on_foreign_author = \"reject\";");
  EXPECT_EQ(send("root@other.example"),
            "4F1k: not signed: no key for domain other.example, from=root@other.example");
  EXPECT_EQ(verdict_, Verdict::accept);
}

TEST_F(SessionLoginTest, OnForeignAuthorDecides) {
  macros_["{auth_authen}"] = "eve\n@other.example";
  for (const auto& [word, verdict] :
       {std::pair("accept", Verdict::accept), {"tempfail", Verdict::tempfail}, {"reject", Verdict::reject}}) {
    configure(std::string("logins = \"domain\"; on_foreign_author = \"") + word + "\";");
    EXPECT_TRUE(send().ends_with(std::string("on_foreign_author=") + word)) << last_line();
    EXPECT_EQ(verdict_, verdict);
    EXPECT_EQ(reply_, verdict == Verdict::accept ? "" : "This login may not send with this address in From:");
    EXPECT_EQ(last_line().find('\n'), std::string::npos);
  }
}

class SessionLoginTableTest : public SessionLoginTest {
 protected:
  SessionLoginTableTest() { configure("logins = \"" + table_.string() + "\"; on_error = \"reject\";"); }

  // As an administrator does: a new file takes the name.
  void write(const std::string& text) {
    const auto temporary = table_.string() + ".new";
    std::ofstream(temporary) << text;
    std::filesystem::permissions(temporary, std::filesystem::perms(0644));
    std::filesystem::rename(temporary, table_);
  }

  std::filesystem::path table_ = store_.path() / "logins";
};

TEST_F(SessionLoginTableTest, AChangeTakesEffectAtOnce) {
  for (int i = 0; i < 20; ++i) {
    write("joe@example.com example.com\n");
    ASSERT_EQ(send(), "signed");
    write("joe@example.com example.org\n");
    ASSERT_TRUE(send().ends_with("on_foreign_author=accept")) << last_line();
  }
}

// The setting of a message is the one at its MAIL; its table is the one at the end of its header.
TEST_F(SessionLoginTableTest, MailThatNobodySignsNeedsNoTable) {
  EXPECT_EQ(send("root@other.example"),
            "4F1k: not signed: no key for domain other.example, from=root@other.example");
  EXPECT_EQ(verdict_, Verdict::accept);
}

// Bytes that this process has read, from files or elsewhere.
std::size_t bytes_read() {
  std::ifstream io("/proc/self/io");
  std::string name;
  std::size_t bytes = 0;
  io >> name >> bytes;
  return name == "rchar:" ? bytes : 0;
}

// Otherwise, each message would cost what a large table costs, even if that is wrong in its last line.
TEST_F(SessionLoginTableTest, ATableIsReadOnce) {
  std::string text;
  for (int i = 0; i < 100'000; ++i)
    text += std::to_string(i) + "@example.com example.com\n";
  const std::string good = "joe@example.com example.com\n";
  const std::string bad = "joe@example.com\n";
  for (const auto& last : {good, bad, good, bad, bad, good}) {
    write(text + last);
    const auto expected = send();
    ASSERT_EQ(expected, last == good ? "signed"
                                     : "4F1k: not signed: " + table_.string() +
                                           ":100001: a login without a domain; a login, and after it the "
                                           "domains that it may use, on_error=reject")
        << "what is kept goes with its table";
    // Until the table is too old to be exchanged unnoticed, each message reads it.
    std::size_t read = text.size();
    for (int tries = 0; tries < 1000 && read >= text.size(); ++tries) {
      const auto before = bytes_read();
      ASSERT_EQ(send(), expected);
      read = bytes_read() - before;
    }
    EXPECT_LT(read, text.size() / 10);
    const auto before = bytes_read();
    for (int i = 0; i < 20; ++i)
      ASSERT_EQ(send(), expected);
    EXPECT_LT(bytes_read() - before, text.size());
  }
}

TEST_F(SessionLoginTableTest, ATableThatIsGoneIsNotRemembered) {
  write("joe@example.com example.com\n");
  ASSERT_EQ(send(), "signed");
  std::filesystem::remove(table_);
  EXPECT_EQ(send(),
            "4F1k: not signed: the table of logins " + table_.string() + " does not exist, on_error=reject");
}

TEST_F(SessionLoginTableTest, WithoutAUsableTableOnErrorDecides) {
  EXPECT_TRUE(send().ends_with(", on_error=reject")) << last_line();
  EXPECT_EQ(verdict_, Verdict::reject);
  write("joe@example.com\n");
  EXPECT_TRUE(send().starts_with("4F1k: not signed: " + table_.string() + ":1: a login without a domain"));
  write("joe@example.com example.com\n");
  EXPECT_EQ(send(), "signed");
  std::filesystem::permissions(table_, std::filesystem::perms(0666));
  EXPECT_NE(send().find("fix it with: "), std::string::npos) << last_line();
}

}  // namespace
}  // namespace dkim::test
