// What a copy leaves alone, what it refuses, and how it goes.
#include "tests/crypto/store/domain_copy_fixture.hpp"

#include <unistd.h>

#include "crypto/trusted_path.hpp"

namespace dkim::crypto {
namespace {

class DomainCopyRefusalTest : public test::DomainCopyTest {};
using test::ed25519_key;
using test::Names;
using test::names_of_one;
using test::read_file;
using test::rsa_key;
using test::selector;
using test::write_file;

TEST_F(DomainCopyRefusalTest, LeavesUnknownFilesAlone) {
  add("one", rsa_key());
  write();
  write_file(path("notes"), "mine");
  write_file(path("other.private"), "mine, too");
  write_file(path("other.txt"), "mine, too");
  clear();
  add("two", ed25519_key());
  EXPECT_TRUE(write());
  expect_state({".lock", "keys.conf", "notes", "other.private", "other.txt", "two.private", "two.txt"});
  EXPECT_EQ(read_file(path("other.private")), "mine, too");
}

TEST_F(DomainCopyRefusalTest, RefusesUnknownFilesInTheWay) {
  for (const auto* name : {"one.private", "one.txt"}) {
    write_file(path(name), "mine");
    add("one", rsa_key());
    EXPECT_NE(refusal().find(std::string(name) + " is there, but not in the manifest"), std::string::npos);
    EXPECT_EQ(read_file(path(name)), "mine");
    EXPECT_FALSE(store_.store().read_manifest(domain_));
    std::filesystem::remove(path(name));
    clear();
  }
}

TEST_F(DomainCopyRefusalTest, RefusesAKeyThatOthersCanRead) {
  add("one", rsa_key());
  write();
  ASSERT_EQ(chmod(path("one.private").c_str(), 0644), 0);
  EXPECT_NE(refusal().find("chmod"), std::string::npos) << refusal();
}

TEST_F(DomainCopyRefusalTest, RefusesFilesOfOthers) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  add("one", rsa_key());
  write();
  for (const auto* name : {"one.private", "one.txt", "keys.conf", ""}) {
    ASSERT_EQ(chown(path(name).c_str(), 65534, static_cast<gid_t>(-1)), 0);
    EXPECT_THROW(write(), UntrustedPath) << name;
    ASSERT_EQ(chown(path(name).c_str(), 0, static_cast<gid_t>(-1)), 0);
  }
  expect_state(names_of_one);
}

TEST_F(DomainCopyRefusalTest, RefusesLinks) {
  add("one", rsa_key());
  write();
  const auto elsewhere = store_.path("elsewhere");
  std::filesystem::rename(path("one.private"), elsewhere);
  std::filesystem::create_symlink(elsewhere, path("one.private"));
  EXPECT_NE(refusal().find("symbolic link"), std::string::npos) << refusal();
}

TEST_F(DomainCopyRefusalTest, RefusesAStateThatIsNotWhole) {
  add("one", rsa_key());
  state_.keys.clear();
  EXPECT_NE(refusal().find("its private key did not come with it"), std::string::npos);
  state_.keys.push_back({selector("one"), PrivateKey::from_pem(ed25519_key().to_pem())});
  EXPECT_NE(refusal().find("is another one than its manifest says"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path("")));
}

TEST_F(DomainCopyRefusalTest, RemovesADomain) {
  state_.manifest.slots = {{.selector = selector("s1")}};
  add("one", rsa_key());
  add("s1", ed25519_key(), KeyState::pending, 3);
  add("gone", rsa_key(), KeyState::revoked);
  write();
  EXPECT_TRUE(remove_copy(store_.store(), domain_));
  EXPECT_FALSE(std::filesystem::exists(path("")));
  EXPECT_FALSE(remove_copy(store_.store(), domain_));
  EXPECT_FALSE(std::filesystem::exists(path("")));
  EXPECT_TRUE(write());
}

TEST_F(DomainCopyRefusalTest, RemovesNoUnknownFiles) {
  add("one", rsa_key());
  write();
  write_file(path("notes"), "mine");
  EXPECT_TRUE(remove_copy(store_.store(), domain_));
  EXPECT_EQ(names(), (Names{".lock", "notes"}));
  EXPECT_FALSE(remove_copy(store_.store(), domain_));
}

}  // namespace
}  // namespace dkim::crypto
