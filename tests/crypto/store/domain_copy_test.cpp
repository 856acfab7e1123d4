// Whatever the files of a domain are, afterwards they are as the state says; and nothing is written if they
// are so already.
#include "tests/crypto/store/domain_copy_fixture.hpp"

namespace dkim::crypto {
namespace {

using DomainCopyTest = test::DomainCopyTest;
using test::ed25519_key;
using test::Names;
using test::names_of_one;
using test::other_rsa_key;
using test::read_file;
using test::rsa_key;
using test::selector;
using test::write_file;

// Another key than rsa_key(), of the same size.
const PrivateKey& same_size_key() {
  static const auto key = PrivateKey::generate_rsa(1024);
  return key;
}

TEST_F(DomainCopyTest, WritesANewDomain) {
  add("one", rsa_key());
  EXPECT_TRUE(write());
  expect_state(names_of_one);
}

TEST_F(DomainCopyTest, WritesADomainWithoutKeys) {
  EXPECT_TRUE(write());
  expect_state({".lock", "keys.conf"});
}

TEST_F(DomainCopyTest, FindsWhatAChangeWroteEqual) {
  store_.add("example.com", "one", rsa_key());
  add("one", rsa_key());
  expect_state(names_of_one);
}

TEST_F(DomainCopyTest, GivesTheDaemonItsModes) {
  add("one", rsa_key());
  write();
  const auto mode = [&](std::string_view name) {
    struct stat status = {};
    EXPECT_EQ(lstat(path(name).c_str(), &status), 0);
    return status.st_mode & 07777U;
  };
  EXPECT_EQ(mode(""), 0750U);
  EXPECT_EQ(mode("keys.conf"), 0640U);
  EXPECT_EQ(mode("one.private"), 0640U);
  EXPECT_EQ(mode("one.txt"), 0644U);
}

TEST_F(DomainCopyTest, AddsAndRemovesKeys) {
  add("one", rsa_key());
  write();
  clear();
  add("two", ed25519_key());
  EXPECT_TRUE(write());
  expect_state({".lock", "keys.conf", "two.private", "two.txt"});
}

TEST_F(DomainCopyTest, WritesAManifestAlone) {
  add("one", rsa_key(), KeyState::pending);
  write();
  const auto before = stamps();
  state_.manifest.keys.front().state = KeyState::active;
  EXPECT_TRUE(write());
  // A private key is not touched if only its state changes.
  EXPECT_EQ(stamps().at("one.private"), before.at("one.private"));
  EXPECT_EQ(stamps().at("one.txt"), before.at("one.txt"));
  expect_state(names_of_one);
}

TEST_F(DomainCopyTest, WritesRecordsWithTheFlagsOfTheState) {
  add("one", rsa_key());
  write();
  state_.manifest.record.test = true;
  EXPECT_TRUE(write());
  expect_state(names_of_one);
  EXPECT_NE(read_file(path("one.txt")).find("t=y"), std::string::npos);
}

TEST_F(DomainCopyTest, DestroysRevokedKeys) {
  add("one", rsa_key());
  add("two", ed25519_key());
  write();
  clear();
  add("one", rsa_key(), KeyState::revoked);
  add("two", ed25519_key());
  EXPECT_TRUE(write());
  expect_state({".lock", "keys.conf", "one.txt", "two.private", "two.txt"});
  EXPECT_NE(read_file(path("one.txt")).find("p=\""), std::string::npos);
}

TEST_F(DomainCopyTest, DestroysAKeyThatIsRevokedAndThereAgain) {
  add("one", rsa_key(), KeyState::revoked);
  write();
  write_file(path("one.private"), "whatever it is");
  EXPECT_TRUE(write());
  expect_state({".lock", "keys.conf", "one.txt"});
}

TEST_F(DomainCopyTest, ReplacesAKeyThatDiffers) {
  for (const auto state : {KeyState::pending, KeyState::active, KeyState::retiring}) {
    clear();
    add("one", same_size_key(), state);
    write();
    clear();
    add("one", rsa_key(), state);
    EXPECT_TRUE(write()) << to_string(state);
    expect_state(names_of_one);
  }
}

TEST_F(DomainCopyTest, ReplacesAKeyOfAnotherKind) {
  add("one", ed25519_key());
  write();
  clear();
  add("one", other_rsa_key());
  EXPECT_TRUE(write());
  expect_state(names_of_one);
}

TEST_F(DomainCopyTest, ReplacesADamagedKey) {
  add("one", rsa_key());
  write();
  write_file(path("one.private"), "not a key");
  EXPECT_TRUE(write());
  expect_state(names_of_one);
}

TEST_F(DomainCopyTest, LeavesTheSameKeyInAnotherForm) {
  add("one", rsa_key());
  write();
  const auto text = "a comment before it\n" + read_file(path("one.private"));
  write_file(path("one.private"), text);
  expect_state(names_of_one);
  EXPECT_EQ(read_file(path("one.private")), text);
}

TEST_F(DomainCopyTest, BringsBackWhatIsMissing) {
  add("one", rsa_key());
  for (const auto* name : {"one.private", "one.txt", "keys.conf"}) {
    write();
    std::filesystem::remove(path(name));
    EXPECT_TRUE(write()) << name;
    expect_state(names_of_one);
  }
}

TEST_F(DomainCopyTest, MendsARecord) {
  add("one", rsa_key());
  write();
  write_file(path("one.txt"), "edited", 0644);
  EXPECT_TRUE(write());
  expect_state(names_of_one);
}

TEST_F(DomainCopyTest, FollowsASlotThroughItsUses) {
  state_.manifest.slots = {{.selector = selector("s1"), .target = "s1.example.net"}};
  const auto slots = state_.manifest.slots;
  add("s1", rsa_key());
  write();
  expect_state({".lock", "keys.conf", "s1.private", "s1.txt"});

  clear();
  state_.manifest.slots = slots;
  add("s1", rsa_key(), KeyState::revoked);
  write();
  expect_state({".lock", "keys.conf", "s1.txt"});

  clear();
  state_.manifest.slots = slots;
  add("s1", same_size_key(), KeyState::pending, 2);
  write();
  expect_state({".lock", "keys.conf", "s1+2.private", "s1.txt"});

  // A machine that was away for a whole turn.
  clear();
  state_.manifest.slots = slots;
  add("s1", rsa_key(), KeyState::active, 4);
  EXPECT_TRUE(write());
  expect_state({".lock", "keys.conf", "s1+4.private", "s1.txt"});
}

}  // namespace
}  // namespace dkim::crypto
