#include "keytool/doctor/host/sendmail_checks.hpp"

#include <gtest/gtest.h>

#include <string>

namespace dkim::keytool {
namespace {

constexpr const char* unix_socket = "unix:/var/spool/postfix/dkimsignd/dkimsignd.sock";
constexpr const char* inet_socket = "inet:8891@127.0.0.1";

Finding judged(const std::string& text, const std::string& socket = unix_socket) {
  const auto findings = check_sendmail(parse_sendmail_settings("/etc/mail/sendmail.cf", text), socket);
  EXPECT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings.back().severity, Severity::unknown);
  EXPECT_NE(findings.back().what.find("not examined"), std::string::npos);
  for (const auto& finding : findings) {
    EXPECT_EQ(finding.topic, "sendmail");
    EXPECT_EQ(finding.subject, "/etc/mail/sendmail.cf");
  }
  return findings.front();
}

// As m4 makes it of the lines in dkimsignd(8).
std::string cf(const std::string& filter, const std::string& names = "dkimsignd") {
  return "V10/Berkeley\n#X comment, S=local:/x\nO InputMailFilters=" + names + "\nDS\nX" + filter + "\n";
}

TEST(DoctorSendmail, TheLinesOfThePageAreGood) {
  const auto local =
      judged(cf("dkimsignd, S=local:/var/spool/postfix/dkimsignd/dkimsignd.sock, F=T, T=R:2m"));
  EXPECT_EQ(local.severity, Severity::good) << local.what;
  const auto inet = judged(cf("dkimsignd, S=inet:8891@127.0.0.1, F=T, T=R:2m"), inet_socket);
  EXPECT_EQ(inet.severity, Severity::good) << inet.what;
}

TEST(DoctorSendmail, ASocketMayBeWrittenInSeveralWays) {
  for (const auto* prefix : {"", "local:", "unix:"}) {
    const auto found =
        judged(cf(std::string("a,S=") + prefix + "/var/spool/postfix/dkimsignd/dkimsignd.sock,F=4", "b, a"));
    EXPECT_EQ(found.severity, Severity::good) << prefix << found.what;
  }
  EXPECT_EQ(judged(cf("dkimsignd, S=inet:8891@localhost, F=T"), inet_socket).severity, Severity::good);
  EXPECT_EQ(judged(cf("dkimsignd, S=inet6:8891@::1, F=T"), inet_socket).severity, Severity::good);
}

TEST(DoctorSendmail, WithoutAMilterForOurSocketNoMailIsSigned) {
  for (const auto& text : {std::string(), cf("other, S=local:/run/other.sock, F=T", "other"),
                           cf("dkimsignd, S=inet:8892@127.0.0.1, F=T"), cf("dkimsignd"), cf("")}) {
    const auto found = judged(text);
    EXPECT_EQ(found.severity, Severity::broken) << text;
    ASSERT_EQ(found.paste.size(), 1U);
    EXPECT_EQ(found.paste.front(),
              "INPUT_MAIL_FILTER(`dkimsignd', "
              "`S=local:/var/spool/postfix/dkimsignd/dkimsignd.sock, F=T, T=R:2m')dnl");
  }
  const auto found = judged(cf("dkimsignd, S=inet:8892@127.0.0.1, F=T"), inet_socket);
  EXPECT_EQ(found.severity, Severity::broken);
  EXPECT_EQ(found.paste.at(0), "INPUT_MAIL_FILTER(`dkimsignd', `S=inet:8891@127.0.0.1, F=T, T=R:2m')dnl");
}

TEST(DoctorSendmail, AMilterThatIsOnlyDefinedGetsNoMail) {
  for (const auto* names : {"", "other", "dkimsignd2, other"}) {
    const auto found =
        judged(cf("dkimsignd, S=local:/var/spool/postfix/dkimsignd/dkimsignd.sock, F=T", names));
    EXPECT_EQ(found.severity, Severity::broken);
    EXPECT_NE(found.what.find("not in InputMailFilters"), std::string::npos) << found.what;
  }
}

TEST(DoctorSendmail, MailShouldWaitWhileTheDaemonIsDown) {
  const auto none = judged(cf("dkimsignd, S=local:/var/spool/postfix/dkimsignd/dkimsignd.sock, T=R:2m"));
  EXPECT_EQ(none.severity, Severity::risk);
  EXPECT_NE(none.what.find("leaves unsigned"), std::string::npos) << none.what;
  const auto refused = judged(cf("dkimsignd, S=local:/var/spool/postfix/dkimsignd/dkimsignd.sock, F=R"));
  EXPECT_EQ(refused.severity, Severity::risk);
  EXPECT_NE(refused.what.find("lost"), std::string::npos) << refused.what;
}

TEST(DoctorSendmail, TheSmartHostIsKnown) {
  const auto host = [](const std::string& line) { return parse_sendmail_settings("", line).smart_host; };
  EXPECT_EQ(host("DSrelay:[mail.example.com]\n"), "mail.example.com");
  EXPECT_EQ(host("DSmail.example.com\n"), "mail.example.com");
  EXPECT_EQ(host("DS[192.0.2.1]"), "192.0.2.1");
  EXPECT_EQ(host("DSesmtp:mail.example.com"), "mail.example.com");
  EXPECT_EQ(host("DS\nDjname\n"), "");
  EXPECT_EQ(host("DS["), "");
}

}  // namespace
}  // namespace dkim::keytool
