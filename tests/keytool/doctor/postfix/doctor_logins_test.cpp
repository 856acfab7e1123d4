// Tests what doctor concludes about logins from Postfix's settings. tests/e2e/logins_test.py proves that
// Postfix understands them in the same way.
#include <gtest/gtest.h>

#include "keytool/doctor/postfix/postfix_checks.hpp"

namespace dkim::keytool {
namespace {

constexpr const char* socket_name = "unix:/var/spool/postfix/dkimsignd/dkimsignd.sock";
const LoginPolicy any = {.judged = false, .on_foreign_author = "accept"};
const LoginPolicy judged = {.judged = true, .on_foreign_author = "reject"};

// Debian's Postfix with its submission service, where clients log in.
PostfixSettings with_submission() {
  PostfixSettings settings;
  settings.main = {
      {"queue_directory", "/var/spool/postfix"},
      {"smtpd_milters", "unix:dkimsignd/dkimsignd.sock"},
      {"smtpd_relay_restrictions", "permit_mynetworks permit_sasl_authenticated defer_unauth_destination"},
      {"smtpd_sasl_auth_enable", "no"}};
  settings.services = {
      {.name = "smtp", .type = "inet", .chrooted = true, .command = "smtpd", .overrides = {}},
      {.name = "submission",
       .type = "inet",
       .chrooted = true,
       .command = "smtpd",
       .overrides = {{"smtpd_sasl_auth_enable", "yes"},
                     {"smtpd_recipient_restrictions", "permit_sasl_authenticated,reject"}}},
  };
  return settings;
}

Finding only(const PostfixSettings& settings, const LoginPolicy& policy) {
  auto findings = check_logins(settings, socket_name, policy);
  EXPECT_EQ(findings.size(), 1u);
  return findings.empty() ? Finding() : findings.front();
}

bool says(const Finding& finding, std::string_view words) {
  return finding.what.find(words) != std::string::npos;
}

TEST(DoctorLogins, nothing_is_said_where_nobody_logs_in_or_nothing_is_signed) {
  auto settings = with_submission();
  settings.services[1].overrides["smtpd_milters"] = "";
  EXPECT_TRUE(check_logins(settings, socket_name, any).empty());
  settings = with_submission();
  settings.services[1].overrides.erase("smtpd_sasl_auth_enable");
  EXPECT_TRUE(check_logins(settings, socket_name, any).empty());
  settings.main["smtpd_sasl_auth_enable"] = "yes";
  EXPECT_EQ(only(settings, any).subject, "smtp/inet, submission/inet");
}

TEST(DoctorLogins, anybody_can_send_as_anybody) {
  const auto finding = only(with_submission(), any);
  EXPECT_EQ(finding.severity, Severity::note);
  EXPECT_EQ(finding.topic, "logins");
  EXPECT_EQ(finding.subject, "submission/inet");
  EXPECT_TRUE(says(finding,
                   "lets a client that has logged in send from any address; dkimsignd signs it for every "
                   "domain that has a key"));
  EXPECT_NE(finding.advice.find("logins = \"domain\""), std::string::npos);
  EXPECT_TRUE(finding.paste.empty()) << "with an empty table, the restriction would refuse everything";
}

TEST(DoctorLogins, what_happens_to_foreign_authors_is_said) {
  for (const auto& [word, expected] :
       {std::pair("reject", "is refused"), {"tempfail", "is deferred"}, {"accept", "is sent on unsigned"}}) {
    const auto finding = only(with_submission(), {.judged = true, .on_foreign_author = word});
    EXPECT_EQ(finding.severity, Severity::good);
    EXPECT_TRUE(says(finding, expected)) << finding.what;
    EXPECT_TRUE(says(finding, "send from any address")) << finding.what;
    EXPECT_EQ(finding.advice, "");
  }
}

struct Case {
  const char* maps;
  const char* list;
  const char* restrictions;
  const char* expected;
};

TEST(DoctorLogins, restrictions_count_up_to_what_permits_the_client) {
  for (const auto& [maps, list, restrictions, expected] : {
           Case{"hash:/x", "smtpd_sender_restrictions", "reject_sender_login_mismatch", "compares"},
           Case{"hash:/x", "smtpd_sender_restrictions", "Reject_Authenticated_Sender_Login_Mismatch, permit",
                "compares"},
           Case{"hash:/x", "smtpd_client_restrictions", "check_x hash:/y reject_sender_login_mismatch",
                "compares"},
           Case{"hash:/x", "smtpd_relay_restrictions", "permit_mynetworks, reject_sender_login_mismatch",
                "compares"},
           Case{"hash:/x", "smtpd_data_restrictions", "reject_authenticated_sender_login_mismatch",
                "compares"},
           Case{"hash:/x", "smtpd_sender_restrictions",
                "permit_sasl_authenticated, reject_sender_login_mismatch", "from any address;"},
           Case{"hash:/x", "smtpd_sender_restrictions", "permit, reject_sender_login_mismatch",
                "from any address;"},
           // For clients that have not logged in.
           Case{"hash:/x", "smtpd_sender_restrictions", "reject_unauthenticated_sender_login_mismatch",
                "from any address;"},
           Case{"hash:/x", "smtpd_sender_restrictions", "reject_known_sender_login_mismatch",
                "does not list;"},
           Case{"", "smtpd_sender_restrictions", "reject_known_sender_login_mismatch", "from any address;"},
           Case{"hash:/x", "smtpd_sender_restrictions",
                "reject_known_sender_login_mismatch reject_sender_login_mismatch", "compares"},
       }) {
    for (const bool overridden : {false, true}) {
      auto settings = with_submission();
      (overridden ? settings.services[1].overrides : settings.main)[list] = restrictions;
      settings.main["smtpd_sender_login_maps"] = maps;
      const auto finding = only(settings, any);
      EXPECT_TRUE(says(finding, expected)) << list << " = " << restrictions << ": " << finding.what;
      EXPECT_EQ(finding.paste.empty(), *maps == '\0' || std::string_view(expected) == "compares")
          << restrictions;
    }
  }
}

// main.cf's list does not apply to a service with its own.
TEST(DoctorLogins, an_override_takes_the_place_of_main_cf) {
  auto settings = with_submission();
  settings.main["smtpd_sender_login_maps"] = "hash:/x";
  settings.main["smtpd_sender_restrictions"] = "reject_sender_login_mismatch";
  EXPECT_TRUE(says(only(settings, any), "compares"));
  settings.services[1].overrides["smtpd_sender_restrictions"] = "reject_unlisted_sender";
  const auto finding = only(settings, any);
  EXPECT_TRUE(says(finding, "from any address;"));
  ASSERT_EQ(finding.paste.size(), 2u);
  EXPECT_EQ(finding.paste[0],
            "postconf -P 'submission/inet/smtpd_sender_restrictions="
            "reject_authenticated_sender_login_mismatch,reject_unlisted_sender'");
  EXPECT_EQ(finding.paste[1], "postfix reload");
}

TEST(DoctorLogins, an_empty_table_refuses_everybody) {
  auto settings = with_submission();
  settings.services[1].overrides["smtpd_sender_restrictions"] = "reject_sender_login_mismatch";
  for (const auto& policy : {any, judged}) {
    const auto finding = only(settings, policy);
    EXPECT_EQ(finding.severity, Severity::broken);
    EXPECT_TRUE(says(finding, "refuses all mail of clients that have logged in"));
  }
}

// After a filter, nobody knows who has logged in.
TEST(DoctorLogins, mail_that_comes_back_from_a_filter_has_no_login) {
  auto settings = with_submission();
  settings.main["smtpd_milters"] = "";
  settings.main["content_filter"] = "smtp:127.0.0.1:10024";
  settings.services.push_back(
      {.name = "127.0.0.1:10025",
       .type = "inet",
       .chrooted = true,
       .command = "smtpd",
       .overrides = {{"content_filter", ""}, {"smtpd_milters", "unix:dkimsignd/dkimsignd.sock"}}});
  EXPECT_TRUE(check_logins(settings, socket_name, any).empty());
  const auto finding = only(settings, judged);
  EXPECT_EQ(finding.severity, Severity::risk);
  EXPECT_TRUE(says(finding, "without its login"));
}

}  // namespace
}  // namespace dkim::keytool
