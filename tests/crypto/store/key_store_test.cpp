#include "crypto/store/key_store.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "crypto/error.hpp"
#include "crypto/store/domain_keys.hpp"
#include "crypto/trusted_path.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::crypto {
namespace {

using test::domain_name;
using test::message_of;
using test::rsa_key;
using test::write_file;

class KeyStoreTest : public testing::Test {
 protected:
  KeyStoreTest() { files_.add("example.com", "one", rsa_key()); }

  const KeyStore& store() const { return files_.store(); }
  std::filesystem::path key_path() const { return files_.path("example.com/one.private"); }
  KeyEntry entry() const { return store().read_manifest(domain_name("example.com"))->manifest.keys.front(); }
  std::string load_refusal() const {
    return message_of<KeyFileError>([&] { store().load_key(domain_name("example.com"), entry()); });
  }

  test::TestStore files_;
};

TEST_F(KeyStoreTest, LoadsAKey) {
  EXPECT_EQ(store().load_key(domain_name("example.com"), entry()).public_key(), rsa_key().public_key());
}

// Without it, a system with 32-bit inode numbers refuses stat(2) for a file whose number is larger.
static_assert(sizeof(ino_t) >= 8 && sizeof(off_t) >= 8);

TEST_F(KeyStoreTest, FilesFromAfter2038AreLikeOthers) {
  const timespec in_2040{.tv_sec = 2208988800, .tv_nsec = 0};
  const timespec times[] = {in_2040, in_2040};
  for (const auto* name : {"", "example.com", "example.com/keys.conf", "example.com/one.private"})
    ASSERT_EQ(utimensat(AT_FDCWD, files_.path(name).c_str(), times, 0), 0) << name;
  const auto domain = domain_name("example.com");
  EXPECT_EQ(store().read_manifest(domain)->stamp.modified.tv_sec, in_2040.tv_sec);
  EXPECT_EQ(store().stamp(domain)->modified.tv_sec, in_2040.tv_sec);
  EXPECT_EQ(store().load_key(domain, entry()).public_key(), rsa_key().public_key());
  EXPECT_EQ(store().domains(), std::vector{domain});
  files_.add("example.com", "two", rsa_key());
  EXPECT_EQ(store().read_manifest(domain)->manifest.keys.size(), 2U);
}

TEST_F(KeyStoreTest, ReadsTheSameWhileHeldOpen) {
  const auto held = store().held();
  const auto domain = domain_name("example.com");
  EXPECT_EQ(held.directory(), store().directory());
  EXPECT_EQ(held.read_manifest(domain)->stamp, store().read_manifest(domain)->stamp);
  EXPECT_EQ(held.load_key(domain, entry()).public_key(), rsa_key().public_key());
  EXPECT_FALSE(held.read_manifest(domain_name("absent.example")));
  ASSERT_EQ(chmod(key_path().c_str(), 0644), 0);
  EXPECT_EQ(message_of<KeyFileError>([&] { held.load_key(domain, entry()); }), load_refusal());
  EXPECT_NE(load_refusal(), "");
  ASSERT_EQ(chmod(files_.path("").c_str(), 0777), 0);
  EXPECT_NE(message_of<StoreError>([&] { store().held(); }), "");
}

TEST_F(KeyStoreTest, ARefusalHasTheDistrustAsAValue) {
  const auto distrust = [&]() -> std::optional<Distrust> {
    try {
      [[maybe_unused]] const auto key = store().load_key(domain_name("example.com"), entry());
    } catch (const KeyFileError& error) {
      return error.distrust();
    }
    return std::nullopt;
  };
  ASSERT_EQ(chmod(key_path().c_str(), 0644), 0);
  ASSERT_TRUE(distrust());
  EXPECT_EQ(distrust()->path, key_path());
  EXPECT_EQ(to_string(*distrust()), load_refusal());
  ASSERT_EQ(chmod(key_path().c_str(), 0600), 0);
  write_file(key_path(), "no key");
  EXPECT_FALSE(distrust());
  EXPECT_NE(load_refusal(), "");
}

// The error names the path, the mode, and a command that fixes it.
TEST_F(KeyStoreTest, TooOpenModesAreRefused) {
  for (const mode_t mode : {0644U, 0641U, 0642U, 0660U, 0620U, 0666U, 0777U, 0604U}) {
    chmod(key_path().c_str(), mode);
    const auto refusal = load_refusal();
    char octal[8];
    std::snprintf(octal, sizeof octal, "%04o", mode);
    EXPECT_NE(refusal.find(key_path().string() + " has mode " + octal), std::string::npos) << refusal;
    // That command does fix it.
    const auto command = refusal.find("chmod ");
    ASSERT_NE(command, std::string::npos);
    const auto wanted = std::stoul(refusal.substr(command + 6), nullptr, 8);
    chmod(key_path().c_str(), static_cast<mode_t>(wanted));
    EXPECT_EQ(load_refusal(), "(nothing was thrown)") << octal;
  }
}

TEST_F(KeyStoreTest, SafeModesAreAccepted) {
  for (const mode_t mode : {0640U, 0600U, 0400U, 0440U, 0700U, 0750U}) {
    chmod(key_path().c_str(), mode);
    EXPECT_EQ(load_refusal(), "(nothing was thrown)") << mode;
  }
}

TEST_F(KeyStoreTest, AMissingKey) {
  std::filesystem::remove(key_path());
  EXPECT_EQ(load_refusal(),
            key_path().string() + " is missing, but the manifest beside it says that the key is active");
}

TEST_F(KeyStoreTest, ADanglingLinkIsAMissingKey) {
  std::filesystem::remove(key_path());
  std::filesystem::create_symlink("nowhere", key_path());
  EXPECT_NE(load_refusal().find("is missing"), std::string::npos);
}

// Opening a pipe would wait for its writer, and this test would not end.
TEST_F(KeyStoreTest, APipeInPlaceOfAKey) {
  std::filesystem::remove(key_path());
  ASSERT_EQ(mkfifo(key_path().c_str(), 0640), 0);
  EXPECT_EQ(load_refusal(), key_path().string() + " is not a regular file");
}

TEST_F(KeyStoreTest, ADirectoryInPlaceOfAKey) {
  std::filesystem::remove(key_path());
  std::filesystem::create_directory(key_path());
  EXPECT_EQ(load_refusal(), key_path().string() + " is not a regular file");
}

TEST_F(KeyStoreTest, AnotherKeyThanTheManifestSays) {
  write_file(key_path(), view(test::ed25519_key().to_pem()));
  EXPECT_EQ(load_refusal(),
            key_path().string() + " holds another key than the manifest says (ed25519, 256 bits)");
  write_file(key_path(), view(test::other_rsa_key().to_pem()));
  EXPECT_EQ(load_refusal(),
            key_path().string() + " holds another key than the manifest says (rsa, 2048 bits)");
}

TEST_F(KeyStoreTest, DamagedKeys) {
  write_file(key_path(), "");
  EXPECT_EQ(load_refusal(), key_path().string() + " holds not a private key in PEM");
  write_file(key_path(), std::string(100'000, 'x'));
  EXPECT_NE(load_refusal().find("larger than"), std::string::npos);
}

class UntrustedStoreTest : public KeyStoreTest {
 protected:
  std::string manifest_refusal() const {
    return message_of<UntrustedPath>([&] { store().read_manifest(domain_name("example.com")); });
  }
  // Runs the command that the refusal gives.
  static void fix(const std::string& refusal) {
    constexpr std::string_view mark = "fix it with: ";
    const auto command = refusal.find(mark);
    ASSERT_NE(command, std::string::npos) << refusal;
    ASSERT_EQ(std::system(refusal.substr(command + mark.size()).c_str()), 0) << refusal;
  }
};

TEST_F(UntrustedStoreTest, AManifestThatEveryoneMayWrite) {
  const auto path = files_.path("example.com/keys.conf");
  chmod(path.c_str(), 0646);
  EXPECT_EQ(manifest_refusal(),
            path.string() +
                " has mode 0646: users other than its owner can write it, and so decide what is "
                "signed; fix it with: chmod o-w " +
                path.string());
  fix(manifest_refusal());
  EXPECT_EQ(manifest_refusal(), "(nothing was thrown)");
}

// In such a directory, others could add a domain of their own, whether it is sticky or not.
TEST_F(UntrustedStoreTest, DirectoriesThatOthersMayWrite) {
  const auto key = entry();
  for (const auto& directory : {files_.path(""), files_.path("example.com")}) {
    for (const mode_t mode : {0757U, 01757U, 01777U}) {
      chmod(directory.c_str(), mode);
      const auto refusal = manifest_refusal();
      EXPECT_NE(refusal.find("users other than its owner can write it"), std::string::npos) << refusal;
      fix(refusal);
      EXPECT_EQ(manifest_refusal(), "(nothing was thrown)");
    }
  }
  chmod(files_.path("example.com").c_str(), 01757);
  const auto refusal = message_of<KeyFileError>([&] { store().load_key(domain_name("example.com"), key); });
  EXPECT_EQ(refusal.find(files_.path("example.com").string() + " has mode 1757: "), 0U) << refusal;
}

TEST_F(UntrustedStoreTest, FilesOfOtherUsersAreRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  const auto key = entry();
  for (const auto* name : {"", "example.com", "example.com/keys.conf"}) {
    ASSERT_EQ(chown(files_.path(name).c_str(), 12345, static_cast<gid_t>(-1)), 0);
    const auto refusal = manifest_refusal();
    EXPECT_NE(refusal.find(" belongs to user 12345; it must belong to root"), std::string::npos) << refusal;
    fix(refusal);
    EXPECT_EQ(manifest_refusal(), "(nothing was thrown)");
  }
  ASSERT_EQ(chown(key_path().c_str(), 12345, static_cast<gid_t>(-1)), 0);
  EXPECT_NE(load_refusal().find(key_path().string() + " belongs to user 12345"), std::string::npos);
  fix(load_refusal());
  EXPECT_EQ(load_refusal(), "(nothing was thrown)");
}

// This is common for keys on a separate file system.
TEST_F(UntrustedStoreTest, AKeyDirectoryThatIsALink) {
  const test::TemporaryDirectory elsewhere;
  const auto link = elsewhere.path() / "keys";
  std::filesystem::create_directory_symlink(files_.path(""), link);
  const KeyStore linked(link);
  EXPECT_TRUE(linked.read_manifest(domain_name("example.com")));
  EXPECT_NO_THROW(linked.load_key(domain_name("example.com"), entry()));
  chmod(files_.path("").c_str(), 0702);
  EXPECT_THROW(linked.read_manifest(domain_name("example.com")), UntrustedPath);
}

TEST_F(KeyStoreTest, AHugeManifest) {
  write_file(files_.path("example.com/keys.conf"), std::string(2 << 20, '\n'));
  EXPECT_NE(
      message_of<StoreError>([&] { store().read_manifest(domain_name("example.com")); }).find("larger than"),
      std::string::npos);
}

TEST_F(KeyStoreTest, DomainsWithoutAStore) {
  EXPECT_FALSE(store().read_manifest(domain_name("other.example")));
  EXPECT_FALSE(store().stamp(domain_name("other.example")));
  write_file(files_.path("file.example"), "not a directory");
  EXPECT_FALSE(store().read_manifest(domain_name("file.example")));
  EXPECT_FALSE(store().stamp(domain_name("file.example")));
}

TEST_F(KeyStoreTest, DomainsAreSortedAndOtherNamesIgnored) {
  files_.add("b.example", "one", rsa_key());
  files_.add("a.example", "one", rsa_key());
  std::filesystem::create_directory(files_.path("empty.example"));
  write_file(files_.path("README"), "x");
  write_file(files_.path("UPPER.example/keys.conf"), "x");
  write_file(files_.path("not a domain/keys.conf"), "x");
  std::vector<std::string> names;
  for (const auto& domain : store().domains())
    names.push_back(domain.str());
  EXPECT_EQ(names, (std::vector<std::string>{"a.example", "b.example", "example.com"}));
}

TEST_F(KeyStoreTest, DomainsNeedTheKeyDirectory) {
  EXPECT_NE(message_of<StoreError>([] { KeyStore("/nonexistent/keys").domains(); }).find("/nonexistent/keys"),
            std::string::npos);
}

TEST_F(KeyStoreTest, StampsTellManifestsApart) {
  const auto before = store().stamp(domain_name("example.com"));
  EXPECT_EQ(before, store().stamp(domain_name("example.com")));
  EXPECT_EQ(store().read_manifest(domain_name("example.com"))->stamp, *before);
  files_.add("example.com", "two", rsa_key());
  EXPECT_NE(before, store().stamp(domain_name("example.com")));
}

TEST_F(KeyStoreTest, AStampIsSettledOnlySomeTimeAfterTheChange) {
  const auto stamp = *store().stamp(domain_name("example.com"));
  timespec later = stamp.changed;
  EXPECT_FALSE(stamp.is_settled_at(later));
  later.tv_sec += 1;
  EXPECT_TRUE(stamp.is_settled_at(later));
  later.tv_sec -= 10;  // a clock that was set back
  EXPECT_FALSE(stamp.is_settled_at(later));
}

TEST_F(KeyStoreTest, DomainKeysAreAllTheActiveOnes) {
  files_.add("example.com", "waiting", test::ed25519_key(), KeyState::pending);
  files_.add("example.com", "second", test::ed25519_key());
  const auto keys = UncachedKeySource(store()).find(domain_name("example.com"));
  ASSERT_NE(keys, nullptr);
  ASSERT_EQ(keys->active.size(), 2U);
  EXPECT_EQ(keys->active[0].selector.str(), "one");
  EXPECT_EQ(keys->active[1].selector.str(), "second");
  EXPECT_EQ(keys->manifest.keys.size(), 3U);
}

TEST_F(KeyStoreTest, OneUnusableKeyIsAnErrorForTheDomain) {
  files_.add("example.com", "second", test::ed25519_key());
  std::filesystem::remove(key_path());
  EXPECT_THROW(UncachedKeySource(store()).find(domain_name("example.com")), KeyFileError);
}

}  // namespace
}  // namespace dkim::crypto
