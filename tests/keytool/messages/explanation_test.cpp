// Tests the findings of explain about the daemon's user; tests/keytool/sessions/explain.txt tests its words.
#include "keytool/messages/explanation.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/settings/login_table.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::keytool {
namespace {

const Credentials daemon_user{"daemon-user", "daemon-group", 12345, {12345, 23456}};

class ExplanationTest : public testing::Test {
 protected:
  ExplanationTest() {
    settings_.key_directory = files_.store().directory();
    // As when it is installed, the store belongs to root, with the daemon's group.
    chmod(files_.path("").c_str(), 0750);
    is_root_ = chown(files_.path("").c_str(), static_cast<uid_t>(-1), 23456) == 0;
    files_.add("example.com", "server", test::rsa_key());
    files_.add("example.com", "next", test::ed25519_key(), crypto::KeyState::pending);
  }
  void SetUp() override {
    if (!is_root_) GTEST_SKIP() << "needs root";
  }

  Explanation explain() const {
    return explain_authors({*canon::parse_mailboxes("a@example.com")}, settings_, daemon_user, {});
  }
  void expect_fault(const std::string& reason) const {
    const auto explanation = explain();
    EXPECT_FALSE(explanation.would_sign);
    EXPECT_TRUE(explanation.fault);
    EXPECT_EQ(explanation.reason, reason);
  }
  std::filesystem::path path(std::string_view name) const { return files_.path("example.com") / name; }

  test::TestStore files_;
  crypto::SigningSettings settings_;
  bool is_root_ = false;
};

TEST_F(ExplanationTest, AStoreThatTheDaemonCanRead) {
  const auto explanation = explain();
  EXPECT_TRUE(explanation.would_sign) << explanation.reason;
  ASSERT_EQ(explanation.keys.size(), 2U);
  EXPECT_TRUE(explanation.keys[0].signs);
  EXPECT_FALSE(explanation.keys[1].signs);
  EXPECT_EQ(explanation.keys[0].problem, std::nullopt);
  EXPECT_EQ(explanation.keys[1].problem, std::nullopt);
}

// root can read what the daemon cannot.
TEST_F(ExplanationTest, AKeyThatItCannotRead) {
  chmod(path("server.private").c_str(), 0600);
  expect_fault("user daemon-user cannot read " + path("server.private").string() +
               "; fix it with: chgrp daemon-group " + path("server.private").string() + " && chmod g+r " +
               path("server.private").string());
}

TEST_F(ExplanationTest, AKeyOfAnotherGroup) {
  ASSERT_EQ(chown(path("server.private").c_str(), 0, 0), 0);
  EXPECT_FALSE(explain().would_sign);
  // A key that does not sign does not matter.
  ASSERT_EQ(chown(path("server.private").c_str(), 0, 23456), 0);
  ASSERT_EQ(chown(path("next.private").c_str(), 0, 0), 0);
  const auto explanation = explain();
  EXPECT_TRUE(explanation.would_sign);
  EXPECT_NE(explanation.keys[1].problem, std::nullopt);
}

TEST_F(ExplanationTest, ADirectoryThatItCannotPass) {
  chmod(files_.path("").c_str(), 0700);
  // The message spells the path as the store does.
  const auto directory = files_.store().directory().string();
  expect_fault("user daemon-user cannot pass through " + directory + "; fix it with: chgrp daemon-group " +
               directory + " && chmod g+x " + directory);
}

TEST_F(ExplanationTest, AManifestThatItCannotRead) {
  chmod(path("keys.conf").c_str(), 0600);
  EXPECT_NE(explain().reason.find("cannot read " + path("keys.conf").string()), std::string::npos);
  EXPECT_FALSE(explain().would_sign);
}

TEST_F(ExplanationTest, ItsOwnFilesAndOtherPeoples) {
  // The owner's bits count for the owner, even if the group's would allow more.
  ASSERT_EQ(chown(path("server.private").c_str(), 12345, 23456), 0);
  chmod(path("server.private").c_str(), 0440);
  EXPECT_EQ(reading_problem(path("server.private"), daemon_user), std::nullopt);
  chmod(path("server.private").c_str(), 0040);
  EXPECT_NE(reading_problem(path("server.private"), daemon_user), std::nullopt);
  // root uses no key that another user could exchange.
  EXPECT_NE(explain().reason.find("server.private belongs to user 12345; it must belong to root"),
            std::string::npos)
      << explain().reason;
}

TEST(CredentialsTest, OfUsers) {
  EXPECT_FALSE(credentials_of("no such user"));
  const auto root = credentials_of("root");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->uid, 0U);
  EXPECT_EQ(root->group, "root");
  EXPECT_EQ(root->groups.front(), 0U);
  EXPECT_EQ(reading_problem("/etc/passwd", *root), std::nullopt);
  EXPECT_NE(reading_problem("/etc/absent", *root), std::nullopt);
}

// root reads the table that the daemon cannot read.
TEST_F(ExplanationTest, ATableOfLoginsThatItCannotRead) {
  crypto::LoginSettings logins;
  logins.method = crypto::LoginSettings::Method::table;
  logins.table = files_.path("logins");
  test::write_file(logins.table, "joe example.com\n", 0600);
  const auto answer = [&](std::string_view author) {
    const crypto::Login joe{"joe", crypto::look_up_login(logins, "joe")};
    return with_login_table(explain_authors({*canon::parse_mailboxes(author)}, settings_, daemon_user, joe),
                            logins, daemon_user);
  };
  const auto closed = answer("a@example.com");
  EXPECT_TRUE(closed.fault);
  EXPECT_FALSE(closed.would_sign);
  EXPECT_TRUE(closed.reason.starts_with("user daemon-user cannot read " + logins.table.string()))
      << closed.reason;
  EXPECT_FALSE(answer("a@stranger.example").fault) << "such mail needs no table";
  chmod(logins.table.c_str(), 0644);
  EXPECT_TRUE(answer("a@example.com").would_sign);
  test::write_file(logins.table, "joe other.example\n", 0644);
  EXPECT_TRUE(answer("a@example.com").foreign_author);
  EXPECT_FALSE(answer("a@example.com").fault);
}

}  // namespace
}  // namespace dkim::keytool
