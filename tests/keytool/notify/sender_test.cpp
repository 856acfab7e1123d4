// Chooses whom a mail is from, by the keys of this host's own domain.
#include "keytool/notify/sender.hpp"

#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include "tests/crypto/test_store.hpp"

namespace dkim::keytool {
namespace {

class Sender : public testing::Test {
 protected:
  Sender() {
    test::write_file(mailname_, "own.example\n");
    settings_.key_directory = files_.store().directory();
    user_ = getpwuid(geteuid())->pw_name;
  }
  std::string mailbox() const { return sender_mailbox(settings_, {mailname_, nothing, nothing}); }
  std::string unqualified() const { return "dkimkey <" + user_ + ">"; }
  std::string local() const { return "dkimkey <" + user_ + "@localhost>"; }
  static std::string nothing() { return {}; }

  test::TestStore files_;
  test::TemporaryDirectory elsewhere_;
  std::filesystem::path mailname_ = elsewhere_.path() / "mailname";
  crypto::SigningSettings settings_;
  std::string user_;
};

TEST_F(Sender, is_completed_by_the_mta) {
  EXPECT_EQ(mailbox(), unqualified());
  files_.add("own.example", "s", test::ed25519_key());
  EXPECT_EQ(mailbox(), unqualified());
  std::filesystem::remove(mailname_);
  EXPECT_EQ(mailbox(), unqualified());
}

TEST_F(Sender, is_local_if_the_daemon_would_defer_the_mail) {
  files_.add("own.example", "s", test::ed25519_key());
  const auto key = files_.path("own.example/s.private");
  const auto content = test::read_file(key);
  test::write_file(key, "nonsense");
  EXPECT_EQ(mailbox(), local());
  std::filesystem::remove(key);
  EXPECT_EQ(mailbox(), local());
  test::write_file(key, content, 0640);
  EXPECT_EQ(mailbox(), unqualified());
  test::write_file(files_.path("own.example/keys.conf"), "nonsense");
  EXPECT_EQ(mailbox(), local());
}

TEST_F(Sender, does_not_depend_on_the_keys_of_others) {
  files_.add("own.example", "s", test::ed25519_key());
  files_.add("other.example", "s", test::ed25519_key());
  test::write_file(files_.path("other.example/keys.conf"), "nonsense");
  EXPECT_EQ(mailbox(), unqualified());
}

}  // namespace
}  // namespace dkim::keytool
