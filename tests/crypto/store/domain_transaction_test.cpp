#include "crypto/store/domain_transaction.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "crypto/error.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::crypto {
namespace {

using test::domain_name;
using test::entry_of;
using test::message_of;
using test::names_in;
using test::read_file;
using test::rsa_key;
using test::selector;
using test::write_file;

struct stat status_of(const std::filesystem::path& path) {
  struct stat status = {};
  EXPECT_EQ(lstat(path.c_str(), &status), 0) << path;
  return status;
}

class DomainTransactionTest : public testing::Test {
 protected:
  DomainTransaction transaction() const { return {store_.store(), domain_name("example.com")}; }
  std::filesystem::path path(std::string_view name) const { return store_.path("example.com") / name; }
  std::size_t key_count() const {
    const auto read = store_.store().read_manifest(domain_name("example.com"));
    return read ? read->manifest.keys.size() : 0;
  }
  void add_one() { store_.add("example.com", "one", rsa_key()); }

  test::TestStore store_;
};

const std::vector<std::string> names_of_one = {".lock", "keys.conf", "one.private", "one.txt"};

// Returns the content of the record file of the key "one", with these flags.
std::string record_text(const RecordFlags& flags = {}) {
  return zone_text(named_record(selector("one"), domain_name("example.com"), make_record(rsa_key(), flags)));
}

TEST_F(DomainTransactionTest, WritesKeyRecordAndManifest) {
  add_one();
  EXPECT_EQ(names_in(path("")), names_of_one);
  EXPECT_EQ(read_file(path("one.txt")), record_text());
  const auto read = store_.store().read_manifest(domain_name("example.com"));
  ASSERT_TRUE(read);
  const auto* entry = read->manifest.find(selector("one"));
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(store_.store().load_key(domain_name("example.com"), *entry).public_key(), rsa_key().public_key());
}

TEST_F(DomainTransactionTest, SetsGroupAndModesWhateverTheUmask) {
  constexpr gid_t group = 12345;
  if (chown(store_.path("").c_str(), static_cast<uid_t>(-1), group) != 0) GTEST_SKIP() << "needs root";
  for (const mode_t mask : {0000U, 0077U, 0777U}) {
    const mode_t before = umask(mask);
    const std::string domain = "mask" + std::to_string(mask) + ".example";
    store_.add(domain, "one", rsa_key());
    umask(before);
    const auto directory = store_.path(domain);
    EXPECT_EQ(status_of(directory).st_mode & 07777U, 0750U);
    EXPECT_EQ(status_of(directory / "one.private").st_mode & 07777U, 0640U);
    EXPECT_EQ(status_of(directory / "one.txt").st_mode & 07777U, 0644U);
    EXPECT_EQ(status_of(directory / "keys.conf").st_mode & 07777U, 0640U);
    for (const auto* name : {"", "one.private", "one.txt", "keys.conf"})
      EXPECT_EQ(status_of(directory / name).st_gid, group) << name;
  }
}

TEST_F(DomainTransactionTest, NothingIsVisibleWithoutCommit) {
  {
    auto change = transaction();
    change.add_key(entry_of("one", rsa_key(), KeyState::active), rsa_key());
  }
  EXPECT_EQ(names_in(path("")), std::vector<std::string>{".lock"});
  EXPECT_EQ(store_.store().domains().size(), 0U);
}

TEST_F(DomainTransactionTest, WritesARecordAgainAsTheManifestNowDescribesIt) {
  add_one();
  {
    auto change = transaction();
    change.manifest().record.strict = true;
    change.rewrite_record(change.manifest().keys.front());
    change.commit();
  }
  EXPECT_EQ(read_file(path("one.txt")), record_text({.strict = true}));
  auto change = transaction();
  change.manifest().keys.front().state = KeyState::revoked;
  change.rewrite_record(change.manifest().keys.front());
  change.commit();
  EXPECT_EQ(read_file(path("one.txt")),
            zone_text(named_record(selector("one"), domain_name("example.com"),
                                   revoked_record(Algorithm::rsa, {.strict = true}))));
  EXPECT_FALSE(std::filesystem::exists(path("one.private")));
}

TEST_F(DomainTransactionTest, ASelectorIsNeverUsedTwice) {
  add_one();
  auto change = transaction();
  EXPECT_NE(message_of<StoreError>([&] {
              change.add_key(entry_of("one", rsa_key(), KeyState::active), rsa_key());
            }).find("one was used in example.com before"),
            std::string::npos);
}

TEST_F(DomainTransactionTest, ForeignFilesAreNotOverwritten) {
  write_file(path("one.private"), "somebody's key");
  auto change = transaction();
  EXPECT_THROW(
      {
        change.add_key(entry_of("one", rsa_key(), KeyState::active), rsa_key());
        change.commit();
      },
      StoreError);
  EXPECT_EQ(read_file(path("one.private")), "somebody's key");
  EXPECT_EQ(key_count(), 0U);
}

TEST_F(DomainTransactionTest, AForeignRecordFileIsNotOverwritten) {
  write_file(path("one.txt"), "somebody's record");
  auto change = transaction();
  EXPECT_THROW(
      {
        change.add_key(entry_of("one", rsa_key(), KeyState::active), rsa_key());
        change.commit();
      },
      StoreError);
  EXPECT_EQ(read_file(path("one.txt")), "somebody's record");
  EXPECT_EQ(key_count(), 0U);
}

TEST_F(DomainTransactionTest, UnknownFilesAreLeftAlone) {
  add_one();
  write_file(path("README"), "mine");
  write_file(path(".hidden"), "mine");
  write_file(path("other.private"), "mine");
  std::filesystem::create_directory(path("folder"));
  store_.add("example.com", "two", rsa_key());
  for (const auto* name : {"README", ".hidden", "other.private"})
    EXPECT_EQ(read_file(path(name)), "mine") << name;
  EXPECT_TRUE(std::filesystem::is_directory(path("folder")));
}

TEST_F(DomainTransactionTest, AFailedCommitLeavesTheStoreAsItWas) {
  add_one();
  const std::string manifest = read_file(path("keys.conf"));
  std::filesystem::create_directory(path("two.private"));
  {
    auto change = transaction();
    EXPECT_THROW(
        {
          change.add_key(entry_of("two", rsa_key(), KeyState::active), rsa_key());
          change.commit();
        },
        StoreError);
  }
  std::filesystem::remove(path("two.private"));
  EXPECT_EQ(read_file(path("keys.conf")), manifest);
  EXPECT_EQ(names_in(path("")), names_of_one);
}

TEST_F(DomainTransactionTest, ADamagedManifestIsNotReplaced) {
  add_one();
  write_file(path("keys.conf"), "format = 1;\nkeys = (");
  EXPECT_THROW(transaction(), SettingsError);
  EXPECT_EQ(read_file(path("keys.conf")), "format = 1;\nkeys = (");
}

TEST_F(DomainTransactionTest, MissingKeyDirectory) {
  const KeyStore store(store_.path("nowhere"));
  EXPECT_NE(message_of<StoreError>([&] {
              const DomainTransaction change(store, domain_name("example.com"));
            }).find("nowhere"),
            std::string::npos);
}

TEST_F(DomainTransactionTest, WritersWaitForEachOther) {
  constexpr int writers = 8;
  std::vector<std::thread> threads;
  for (int i = 0; i < writers; ++i)
    threads.emplace_back([this, i] { store_.add("example.com", "key" + std::to_string(i), rsa_key()); });
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(key_count(), static_cast<std::size_t>(writers));
}

// Tests what remains of a writer that was killed, stage by stage. The files are made by hand here;
// tests/keytool/crash_test.py kills real writers at every system call.
class LeftoversTest : public DomainTransactionTest {
 protected:
  void SetUp() override {
    add_one();
    // The staged files of a change that adds "two" and alters the record of "one".
    std::filesystem::copy_file(path("one.private"), path(".two.private.new"));
    write_file(path(".two.txt.new"), "record of two\n");
    write_file(path(".one.txt.new"), "altered record\n");
    auto manifest = store_.store().read_manifest(domain_name("example.com"))->manifest;
    manifest.keys.push_back(entry_of("two", rsa_key(), KeyState::active));
    new_manifest_ = write_manifest(manifest);
    write_file(path(".keys.conf.new"), new_manifest_);
  }

  void link_key() { std::filesystem::create_hard_link(path(".two.private.new"), path("two.private")); }
  void rename_manifest() { std::filesystem::rename(path(".keys.conf.new"), path("keys.conf")); }
  void next_writer() { const auto change = transaction(); }

  std::string new_manifest_;
};

TEST_F(LeftoversTest, KilledWhileStaging) {
  next_writer();
  EXPECT_EQ(names_in(path("")), names_of_one);
  EXPECT_EQ(read_file(path("one.txt")), record_text());
}

TEST_F(LeftoversTest, KilledAfterTheKeyGotItsName) {
  link_key();
  next_writer();
  EXPECT_EQ(names_in(path("")), names_of_one);
  store_.add("example.com", "two", rsa_key());
  EXPECT_EQ(key_count(), 2U);
}

// The manifest is the commit point: from there on, the whole change is made.
TEST_F(LeftoversTest, KilledAfterTheManifest) {
  link_key();
  rename_manifest();
  next_writer();
  EXPECT_EQ(names_in(path("")), (std::vector<std::string>{".lock", "keys.conf", "one.private", "one.txt",
                                                          "two.private", "two.txt"}));
  EXPECT_EQ(read_file(path("one.txt")), "altered record\n");
  EXPECT_EQ(read_file(path("two.txt")), "record of two\n");
  EXPECT_EQ(key_count(), 2U);
}

TEST_F(LeftoversTest, KilledWhileTidyingUp) {
  link_key();
  rename_manifest();
  std::filesystem::rename(path(".two.txt.new"), path("two.txt"));
  next_writer();
  EXPECT_EQ(read_file(path("one.txt")), "altered record\n");
  EXPECT_FALSE(std::filesystem::exists(path(".two.private.new")));
  EXPECT_TRUE(std::filesystem::exists(path("two.private")));
}

TEST_F(LeftoversTest, SomebodyElsesKeyOfTheSameNameIsKept) {
  write_file(path("two.private"), "somebody's key");  // not a link to the staged file
  next_writer();
  EXPECT_EQ(read_file(path("two.private")), "somebody's key");
}

// A writer that is killed after mkdir, before it sets group and mode, leaves a directory that the daemon
// cannot enter.
TEST_F(LeftoversTest, KilledAfterMakingTheDirectory) {
  constexpr gid_t group = 12345;
  if (chown(store_.path("").c_str(), static_cast<uid_t>(-1), group) != 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(mkdir(store_.path("new.example").c_str(), 0700), 0);
  store_.add("new.example", "one", rsa_key());
  EXPECT_EQ(status_of(store_.path("new.example")).st_mode & 07777U, 0750U);
  EXPECT_EQ(status_of(store_.path("new.example")).st_gid, group);
}

}  // namespace
}  // namespace dkim::crypto
