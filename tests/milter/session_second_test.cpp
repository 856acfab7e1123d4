// Second signatures beside the author's, as also_sign asks for them.
#include <filesystem>

#include "milter/session.hpp"
#include "tests/milter/session_fixture.hpp"

namespace dkim::test {
namespace {

using crypto::Algorithm;
using crypto::KeyState;
using milter::Verdict;

class SessionSecondTest : public SessionTest {
 protected:
  SessionSecondTest() {
    store_.add_key("example.com", "server", Algorithm::rsa);
    store_.add_key("example.com", "server-ed25519");
    store_.add_key("esp.example", "e", Algorithm::rsa);
    store_.add_key("esp.example", "e-ed25519");
    also_sign("");
  }

  void also_sign(const std::string& more) {
    configure("also_sign = ( { sender = \"*\"; domain = \"esp.example\"; } ); on_error = \"reject\"; " +
              more);
  }

  // Returns "DOMAIN/SELECTOR" of each signature, top down, or the last line of the log. All must be valid.
  std::string send(const Mail& mail = {}) {
    const auto connection = session(client_at("127.0.0.1"));
    Outcome outcome;
    try {
      outcome = deliver(*connection, mail);
    } catch (const std::exception& error) {
      outcome.verdict = connection->fault(error);
    }
    verdict_ = outcome.verdict;
    if (outcome.inserted.empty()) return last_line();
    expect_valid(outcome, mail, outcome.inserted.size());
    std::string out;
    for (const auto& signature : outcome.inserted)
      out += (out.empty() ? "" : " ") + signature_tag(signature, "d") + "/" + signature_tag(signature, "s");
    return out;
  }

  std::string send_from(const std::string& author) {
    Mail mail;
    mail.fields[0].value = " " + author;
    return send(mail);
  }

  const std::string all_ =
      "example.com/server example.com/server-ed25519 esp.example/e esp.example/e-ed25519";
  Verdict verdict_ = Verdict::proceed;
};

// Some receivers look only at the first signatures, and reports of DMARC at the author's.
TEST_F(SessionSecondTest, TheAuthorsAreOnTop) {
  EXPECT_EQ(send(), all_);
  ASSERT_EQ(lines_.size(), 2U);
  EXPECT_TRUE(lines_[0].text.starts_with(
      "4F1k: signed d=example.com s=server,server-ed25519 a=rsa-sha256,ed25519-sha256 from="));
  EXPECT_EQ(lines_[1].text, "4F1k: also signed d=esp.example s=e,e-ed25519 a=rsa-sha256,ed25519-sha256");
}

TEST_F(SessionSecondTest, HoldUnderAllSettingsOfTheHeader) {
  Mail mail;
  mail.fields.push_back({"X-Two", "  spaces\n\tand a fold "});
  mail.body = {"two  spaces \r\n", "\ttab\r\n\r\n", "\r\n"};
  for (const std::string header : {"relaxed", "simple"}) {
    for (const std::string body : {"relaxed", "simple"}) {
      for (const std::string more :
           {"", "signed_headers = ( \"+X-Two\", \"-Date\" ); oversigned_headers = ( \"+X-Two\" );",
            "signed_headers = ( \"From\" ); oversigned_headers = ( \"From\" ); expiration = 86400;"}) {
        also_sign("canonicalization = \"" + header + "/" + body + "\"; " + more);
        EXPECT_EQ(send(mail), all_) << header << "/" << body << " " << more;
      }
    }
  }
}

TEST_F(SessionSecondTest, HoldForALargeHeader) {
  Mail mail;
  while (mail.fields.size() < 9'990)
    mail.fields.push_back({"To", " b@example.net"});
  EXPECT_EQ(send(mail), all_);
}

TEST_F(SessionSecondTest, AKeyNeverSignsTwice) {
  EXPECT_EQ(send_from("a@esp.example"), "esp.example/e esp.example/e-ed25519");
  EXPECT_EQ(send_from("a@news.esp.example"), "esp.example/e esp.example/e-ed25519");
  also_sign("rules = ( { sender = \"*\"; domain = \"esp.example\"; selectors = ( \"e\" ); } );");
  EXPECT_EQ(send(), "esp.example/e esp.example/e-ed25519") << "what is missing is added";
}

// An ordinary "no" for the author is one for the message, and no fault: most of these are not ours to sign.
TEST_F(SessionSecondTest, NeverStandAlone) {
  EXPECT_EQ(send_from("a@stranger.example"),
            "4F1k: not signed: no key for domain stranger.example, from=a@stranger.example");
  EXPECT_EQ(verdict_, Verdict::accept);
  store_.add_key("waiting.example", "w", Algorithm::ed25519, KeyState::pending);
  EXPECT_EQ(send_from("a@waiting.example"),
            "4F1k: not signed: key w of waiting.example is pending, from=a@waiting.example");
  EXPECT_EQ(send_from("a@[192.0.2.1]").substr(0, 16), "4F1k: not signed");
  EXPECT_EQ(send_from("two@example.com> <angles@example.com>").substr(0, 27), "4F1k: not signed: malformed");
  Mail mail;
  mail.fields.push_back({"From", " b@example.com"});
  EXPECT_EQ(send(mail), "4F1k: not signed: malformed: more than one From field, on_malformed=accept");
  also_sign("rules = ( { sender = \"*\"; sign = false; } );");
  EXPECT_EQ(send(), "4F1k: not signed: a rule says not to sign for *, from=alerts@example.com");
  also_sign("logins = \"domain\";");
  macros_["{auth_authen}"] = "joe@esp.example";
  EXPECT_EQ(send(),
            "4F1k: not signed: the login joe@esp.example may not use the domain example.com, "
            "from=alerts@example.com, on_foreign_author=accept");
}

TEST_F(SessionSecondTest, AFaultOfEitherIsOneOfTheMessage) {
  for (const auto& [domain, key] : {std::pair("example.com", "server-ed25519"), {"esp.example", "e"}}) {
    const auto file = store_.key_file(domain, key);
    std::filesystem::rename(file, file.string() + ".away");
    configure("also_sign = ( { sender = \"*\"; domain = \"esp.example\"; } ); on_error = \"reject\";");
    EXPECT_EQ(send(),
              "4F1k: not signed: " + file.string() +
                  " is missing, but the manifest beside it says that the key is active, on_error=reject");
    EXPECT_EQ(verdict_, Verdict::reject);
    std::filesystem::rename(file.string() + ".away", file);
  }
  configure("also_sign = ( { sender = \"*\"; domain = \"gone.example\"; } ); on_error = \"reject\";");
  EXPECT_EQ(send(), "4F1k: not signed: also_sign for *: gone.example has no active key, on_error=reject");
  EXPECT_EQ(verdict_, Verdict::reject);
}

}  // namespace
}  // namespace dkim::test
