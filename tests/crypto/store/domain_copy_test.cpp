#include "crypto/store/domain_copy.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>

#include "crypto/error.hpp"
#include "crypto/store/domain_transaction.hpp"
#include "crypto/store/published_record.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::crypto {
namespace {

using test::domain_name;
using test::ed25519_key;
using test::entry_of;
using test::message_of;
using test::names_in;
using test::other_rsa_key;
using test::read_file;
using test::rsa_key;
using test::selector;
using test::write_file;

using Names = std::vector<std::string>;

// Another key than rsa_key(), of the same size.
const PrivateKey& same_size_key() {
  static const auto key = PrivateKey::generate_rsa(1024);
  return key;
}

class DomainCopyTest : public testing::Test {
 protected:
  void add(std::string_view name, const PrivateKey& key, KeyState state = KeyState::active, int use = 1) {
    auto entry = entry_of(name, key, state);
    entry.use = use;
    if (state != KeyState::revoked) state_.keys.push_back({entry.id(), PrivateKey::from_pem(key.to_pem())});
    state_.manifest.keys.push_back(std::move(entry));
  }

  void clear() { state_ = {}; }

  bool write() { return write_copy(store_.store(), domain_, state_); }

  std::filesystem::path path(std::string_view name) const { return store_.path("example.com") / name; }
  Names names() const { return names_in(path("")); }

  // Checks that the store has the state and nothing else, and that writing it again writes nothing.
  void expect_state(const Names& expected_names) {
    EXPECT_EQ(names(), expected_names);
    const auto read = store_.store().read_manifest(domain_);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->manifest, state_.manifest);
    for (const auto& copied : state_.keys) {
      const auto* entry = read->manifest.find(copied.id.selector);
      ASSERT_NE(entry, nullptr);
      EXPECT_EQ(store_.store().load_key(domain_, *entry).public_key(), copied.key.public_key());
    }
    for (const auto& entry : read->manifest.keys) {
      const auto record = store_.store().record_of(domain_, entry, read->manifest.record);
      EXPECT_EQ(read_file(path(entry.selector.str() + ".txt")),
                zone_text(published_record(read->manifest, entry.selector, domain_, record)));
    }
    const auto before = stamps();
    EXPECT_FALSE(write());
    EXPECT_EQ(stamps(), before);
  }

  // The inode and times of each file and of the directory, which change with every write.
  std::map<std::string, std::string> stamps() const {
    std::map<std::string, std::string> out;
    auto files = names();
    files.emplace_back("");
    for (const auto& name : files) {
      struct stat status = {};
      EXPECT_EQ(lstat(path(name).c_str(), &status), 0) << name;
      out[name] = std::to_string(status.st_ino) + " " + std::to_string(status.st_ctim.tv_sec) + "." +
                  std::to_string(status.st_ctim.tv_nsec);
    }
    return out;
  }

  std::string refusal() {
    return message_of<StoreError>([&] { write(); });
  }

  test::TestStore store_;
  const canon::DomainName domain_ = domain_name("example.com");
  DomainState state_;
};

const Names names_of_one = {".lock", "keys.conf", "one.private", "one.txt"};

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

TEST_F(DomainCopyTest, LeavesUnknownFilesAlone) {
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

TEST_F(DomainCopyTest, RefusesUnknownFilesInTheWay) {
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

TEST_F(DomainCopyTest, RefusesAKeyThatOthersCanRead) {
  add("one", rsa_key());
  write();
  ASSERT_EQ(chmod(path("one.private").c_str(), 0644), 0);
  EXPECT_NE(refusal().find("chmod"), std::string::npos) << refusal();
}

TEST_F(DomainCopyTest, RefusesFilesOfOthers) {
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

TEST_F(DomainCopyTest, RefusesLinks) {
  add("one", rsa_key());
  write();
  const auto elsewhere = store_.path("elsewhere");
  std::filesystem::rename(path("one.private"), elsewhere);
  std::filesystem::create_symlink(elsewhere, path("one.private"));
  EXPECT_NE(refusal().find("symbolic link"), std::string::npos) << refusal();
}

TEST_F(DomainCopyTest, RefusesAStateThatIsNotWhole) {
  add("one", rsa_key());
  state_.keys.clear();
  EXPECT_NE(refusal().find("its private key did not come with it"), std::string::npos);
  state_.keys.push_back({selector("one"), PrivateKey::from_pem(ed25519_key().to_pem())});
  EXPECT_NE(refusal().find("is another one than its manifest says"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path("")));
}

TEST_F(DomainCopyTest, RemovesADomain) {
  state_.manifest.slots = {{.selector = selector("s1")}};
  add("one", rsa_key());
  add("s1", ed25519_key(), KeyState::pending, 3);
  add("gone", rsa_key(), KeyState::revoked);
  write();
  remove_copy(store_.store(), domain_);
  EXPECT_FALSE(std::filesystem::exists(path("")));
  remove_copy(store_.store(), domain_);
  EXPECT_FALSE(std::filesystem::exists(path("")));
  EXPECT_TRUE(write());
}

TEST_F(DomainCopyTest, RemovesNoUnknownFiles) {
  add("one", rsa_key());
  write();
  write_file(path("notes"), "mine");
  remove_copy(store_.store(), domain_);
  EXPECT_EQ(names(), (Names{".lock", "notes"}));
}

}  // namespace
}  // namespace dkim::crypto
