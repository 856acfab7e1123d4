// The file of sealing keys: what is read, what is refused in which words, and how it is written.
#include "crypto/keys/sealing_keys.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "crypto/base64.hpp"
#include "crypto/error.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::crypto {
namespace {

std::string base64_of(char byte, std::size_t count = sealing_key_bytes) {
  return base64_encode(std::vector<unsigned char>(count, static_cast<unsigned char>(byte)));
}

std::string entry(std::string_view number, const std::string& key) {
  return "{ number = " + std::string(number) + "; key = \"" + key + "\"; }";
}

std::string file_of(const std::string& entries) {
  return "sealing_keys = ( " + entries + " );\n";
}

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status = {};
  EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

class SealingKeysTest : public testing::Test {
 protected:
  std::filesystem::path path() const { return directory_.path() / "sealing.key"; }
  void write(const std::string& text, unsigned mode = 0640) const { test::write_file(path(), text, mode); }
  std::string refusal() const {
    return test::message_of<KeyFileError>([this] { SealingKeys::read(path()); });
  }
  std::string refusal(const std::string& text) const {
    write(text);
    const auto said = refusal();
    const auto begin = "the sealing key file is not used: " + path().string() + ":";
    EXPECT_TRUE(said.starts_with(begin)) << said;
    return said.substr(std::min(begin.size(), said.size()));
  }
  std::vector<std::string> names() const { return test::names_in(directory_.path()); }

  test::TemporaryDirectory directory_;
};

TEST_F(SealingKeysTest, ReadsKeysInTheOrderOfTheirNumbers) {
  write("# a comment\n" + file_of(entry("7", base64_of('b')) + ", " + entry("2", base64_of('a'))));
  const auto keys = SealingKeys::read(path());
  ASSERT_EQ(keys.all().size(), 2U);
  EXPECT_EQ(keys.all().front().number, 2);
  EXPECT_EQ(keys.newest().number, 7);
  EXPECT_EQ(view(keys.newest().bytes), std::string(32, 'b'));
  EXPECT_EQ(keys.find(2), &keys.all().front());
  EXPECT_EQ(keys.find(3), nullptr);
}

TEST_F(SealingKeysTest, AFingerprintIsOfTheKeyAlone) {
  const SealingKey key{1, Secret(32, 'a')};
  // echo -n 'dkimsignd sealing key' | openssl mac -digest SHA256 -macopt hexkey:6161...61 HMAC, its first
  // half
  EXPECT_EQ(key.fingerprint(), "98d9ebec6d2770c6160e8d773553bf45");
  EXPECT_EQ((SealingKey{2, Secret(32, 'a')}).fingerprint(), key.fingerprint());
  EXPECT_NE((SealingKey{1, Secret(32, 'b')}).fingerprint(), key.fingerprint());
}

TEST_F(SealingKeysTest, RefusesWhatIsNotSuchAFile) {
  const auto key = base64_of('a');
  const auto other = base64_of('b');
  EXPECT_TRUE(refusal("").starts_with("1: \"sealing_keys\" is missing or empty; the form is:"));
  EXPECT_TRUE(refusal("sealing_keys = ( );").starts_with("1: \"sealing_keys\" is missing or empty"));
  EXPECT_TRUE(refusal("sealing_keys = 1;").starts_with("1: \"sealing_keys\" is a number"));
  EXPECT_TRUE(refusal("sealing_keys = ( 1 );").starts_with("1: \"sealing_keys[0]\" is a number"));
  EXPECT_TRUE(refusal(key).starts_with("1: syntax error"));
  EXPECT_TRUE(refusal(file_of(entry("1", key)) + "more = 1;").starts_with("2: unknown setting \"more\""));
  EXPECT_TRUE(
      refusal(file_of("{ number = 1; key = \"" + key + "\"; more = 1; }")).starts_with("1: unknown setting"));
  EXPECT_TRUE(refusal(file_of("{ key = \"" + key + "\"; }")).starts_with("1: \"number\" is missing"));
  EXPECT_TRUE(refusal(file_of("{ number = 1; }")).starts_with("1: \"key\" is missing"));
  EXPECT_TRUE(refusal(file_of(entry("0", key))).starts_with("1: \"number\" is 0;"));
  EXPECT_TRUE(refusal(file_of(entry("1000001", key))).starts_with("1: \"number\" is 1000001;"));
  EXPECT_TRUE(refusal(file_of(entry("1", key) + ",\n" + entry("1", other)))
                  .starts_with("2: a second key of number 1"));
  EXPECT_TRUE(refusal(file_of(entry("1", key) + ",\n" + entry("2", key)))
                  .starts_with("2: the key of number 1 again"));
  EXPECT_TRUE(refusal("@include \"" + path().string() + "\"").starts_with("1: "));
}

TEST_F(SealingKeysTest, RefusesAnythingBut32Bytes) {
  for (const auto& key :
       {std::string(), base64_of('a', 31), base64_of('a', 33), base64_of('a', 16), std::string("a b"),
        base64_of('a').substr(1), std::string(44, '!'), base64_of('a') + "\n"}) {
    EXPECT_TRUE(
        refusal(file_of(entry("1", key))).starts_with("1: \"key\" is not a sealing key; 32 bytes in Base64"))
        << key;
  }
}

TEST_F(SealingKeysTest, NoMessageHasAnythingOfAKey) {
  const auto key = base64_of('a', 33);
  EXPECT_EQ(refusal(file_of(entry("1", key))).find(key.substr(0, 8)), std::string::npos);
  EXPECT_EQ(refusal("sealing_keys = \"" + key + "\";").find(key.substr(0, 8)), std::string::npos);
}

TEST_F(SealingKeysTest, RefusesManyKeysAndLargeFiles) {
  std::string entries;
  for (std::size_t i = 1; i <= most_sealing_keys + 1; ++i)
    entries += (i == 1 ? "" : ", ") + entry(std::to_string(i), base64_of(static_cast<char>(i)));
  EXPECT_TRUE(refusal(file_of(entries)).starts_with("1: 65 sealing keys; 64 are the most"));
  write(std::string((16 << 10) + 1, '#'));
  EXPECT_NE(refusal().find("is larger than the 16384 bytes"), std::string::npos);
}

TEST_F(SealingKeysTest, AMissingFileSaysWhereFrom) {
  EXPECT_EQ(refusal(),
            "the sealing key file " + path().string() +
                " does not exist; copy it from another machine of the fleet, or, for a new fleet, let "
                "dkimkey fleet init make it");
}

TEST_F(SealingKeysTest, RefusesAFileThatIsOpenToOthers) {
  for (const unsigned mode : {0644U, 0660U, 0602U}) {
    write(file_of(entry("1", base64_of('a'))), mode);
    EXPECT_NE(refusal().find("a secret must not be open to others"), std::string::npos) << mode;
    EXPECT_NE(refusal().find("fix it with: chmod 06"), std::string::npos) << refusal();
  }
  write(file_of(entry("1", base64_of('a'))), 0400);
  EXPECT_EQ(SealingKeys::read(path()).newest().number, 1);
}

TEST_F(SealingKeysTest, MakesTheFileOnce) {
  const auto made = make_sealing_key_file(path());
  EXPECT_EQ(made.number, 1);
  EXPECT_EQ(made.bytes.size(), sealing_key_bytes);
  EXPECT_EQ(mode_of(path()), 0640U);
  EXPECT_EQ(SealingKeys::read(path()).newest().bytes, made.bytes);
  EXPECT_EQ(names(), (std::vector<std::string>{".sealing.key.lock", "sealing.key"}));
  const auto before = test::read_file(path());
  EXPECT_NE(test::message_of<StoreError>([this] { make_sealing_key_file(path()); }).find("already exists"),
            std::string::npos);
  EXPECT_EQ(test::read_file(path()), before);
  EXPECT_EQ(names(), (std::vector<std::string>{".sealing.key.lock", "sealing.key"}));
}

TEST_F(SealingKeysTest, AddsAndRemoves) {
  make_sealing_key_file(path());
  const bool may_choose_group = geteuid() == 0;
  if (may_choose_group) {
    ASSERT_EQ(chown(path().c_str(), 0, 65534), 0);
  }
  ASSERT_EQ(chmod(path().c_str(), 0440), 0);
  const auto added = add_sealing_key(path());
  EXPECT_EQ(added.number, 2);
  const auto third = add_sealing_key(path());
  EXPECT_EQ(third.number, 3);
  const auto keys = SealingKeys::read(path());
  ASSERT_EQ(keys.all().size(), 3U);
  EXPECT_EQ(keys.find(2)->bytes, added.bytes);
  EXPECT_NE(added.bytes, third.bytes);

  remove_sealing_keys_below(path(), 1);
  EXPECT_EQ(SealingKeys::read(path()).all().size(), 3U);
  remove_sealing_keys_below(path(), 3);
  ASSERT_EQ(SealingKeys::read(path()).all().size(), 1U);
  EXPECT_EQ(SealingKeys::read(path()).newest().bytes, third.bytes);
  EXPECT_NE(
      test::message_of<StoreError>([this] { remove_sealing_keys_below(path(), 4); }).find("all of it stays"),
      std::string::npos);
  EXPECT_EQ(SealingKeys::read(path()).newest().number, 3);

  // As strict as it was, and for the same group.
  EXPECT_EQ(mode_of(path()), 0440U);
  struct stat status = {};
  ASSERT_EQ(stat(path().c_str(), &status), 0);
  if (may_choose_group) {
    EXPECT_EQ(status.st_gid, 65534U);
  }
  EXPECT_EQ(names(), (std::vector<std::string>{".sealing.key.lock", "sealing.key"}));
}

TEST_F(SealingKeysTest, AddsNoMoreThanCanBeRead) {
  write(file_of(entry("1000000", base64_of('a'))));
  EXPECT_NE(test::message_of<StoreError>([this] { add_sealing_key(path()); }).find("takes no more"),
            std::string::npos);
  std::string entries;
  for (std::size_t i = 1; i < most_sealing_keys; ++i)
    entries += (i == 1 ? "" : ", ") + entry(std::to_string(i), base64_of(static_cast<char>(i)));
  write(file_of(entries));
  add_sealing_key(path());
  EXPECT_EQ(SealingKeys::read(path()).all().size(), most_sealing_keys);
  EXPECT_NE(test::message_of<StoreError>([this] { add_sealing_key(path()); }).find("takes no more"),
            std::string::npos);
}

TEST_F(SealingKeysTest, WritesThroughNoLink) {
  const auto real = directory_.path() / "real.key";
  make_sealing_key_file(real);
  std::filesystem::create_symlink(real, path());
  EXPECT_EQ(SealingKeys::read(path()).newest().number, 1);
  EXPECT_NE(test::message_of<StoreError>([this] { add_sealing_key(path()); }).find("is a symbolic link"),
            std::string::npos);
  EXPECT_TRUE(std::filesystem::is_symlink(path()));
  EXPECT_NE(test::message_of<StoreError>([this] { make_sealing_key_file(path()); }).find("already exists"),
            std::string::npos);
}

TEST_F(SealingKeysTest, RemovesWhatAKilledWriterLeft) {
  make_sealing_key_file(path());
  test::write_file(directory_.path() / ".sealing.key.new", "half", 0600);
  EXPECT_EQ(add_sealing_key(path()).number, 2);
  EXPECT_EQ(names(), (std::vector<std::string>{".sealing.key.lock", "sealing.key"}));
}

TEST_F(SealingKeysTest, APathWithoutANameIsNoFile) {
  EXPECT_NE(test::message_of<StoreError>([this] {
              make_sealing_key_file(directory_.path() / "");
            }).find("does not name a file"),
            std::string::npos);
}

}  // namespace
}  // namespace dkim::crypto
