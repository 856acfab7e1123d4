// Tests what doctor says of a table of logins that the daemon cannot read.
#include "keytool/doctor/host/login_table_check.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/crypto/test_store.hpp"

namespace dkim::keytool {
namespace {

TEST(LoginTableCheck, the_daemon_must_be_able_to_read_it) {
  const Credentials daemon{"daemon-user", "daemon-group", 12345, {12345}};
  test::TemporaryDirectory directory;
  ASSERT_EQ(chmod(directory.path().c_str(), 0755), 0);
  crypto::LoginSettings logins;
  logins.table = directory.path() / "logins";
  test::write_file(logins.table, "", 0600);
  EXPECT_TRUE(check_login_table(logins, daemon).empty()) << "it is not used";
  logins.method = crypto::LoginSettings::Method::table;
  EXPECT_TRUE(check_login_table(logins, std::nullopt).empty());
  const auto findings = check_login_table(logins, daemon);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].severity, Severity::broken);
  EXPECT_EQ(findings[0].topic, "logins");
  EXPECT_EQ(findings[0].subject, logins.table.string());
  EXPECT_TRUE(findings[0].what.starts_with("user daemon-user cannot read " + logins.table.string() +
                                           ": mail of clients"))
      << findings[0].what;
  ASSERT_EQ(findings[0].paste.size(), 1u);
  EXPECT_NE(findings[0].paste[0].find(logins.table.string()), std::string::npos);
  ASSERT_EQ(chmod(logins.table.c_str(), 0644), 0);
  EXPECT_TRUE(check_login_table(logins, daemon).empty());
  std::filesystem::remove(logins.table);
  EXPECT_TRUE(check_login_table(logins, daemon).empty()) << "dkimsignd --check says that it is missing";
}

}  // namespace
}  // namespace dkim::keytool
