#include "crypto/trusted_path.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/crypto/test_store.hpp"

namespace dkim::crypto {
namespace {

using test::message_of;
using test::write_file;

// Nobody whom a test runs as.
constexpr uid_t stranger = 12345;

class TrustedPathTest : public testing::Test {
 protected:
  TrustedPathTest() { write_file(file(), "content"); }

  std::filesystem::path path(std::string_view relative = "") const { return directory_.path() / relative; }
  std::filesystem::path file() const { return path("a/b/file"); }
  void set_mode(std::string_view relative, mode_t mode) const {
    ASSERT_EQ(chmod(path(relative).c_str(), mode), 0);
  }
  void give_away(std::string_view relative) const {
    if (geteuid() != 0) GTEST_SKIP() << "only root gives files away";
    ASSERT_EQ(lchown(path(relative).c_str(), stranger, static_cast<gid_t>(-1)), 0);
  }
  // What is said of the file; "" if nothing.
  std::string refusal(std::size_t closed_directories = 0) const {
    try {
      return open_trusted_file(file(), closed_directories) ? "" : "(there is none)";
    } catch (const UntrustedPath& error) {
      return error.what();
    }
  }
  // Runs what a refusal says would mend it; that is all that it takes.
  void expect_mended(const std::string& refusal) const {
    constexpr std::string_view mark = "mend it with: ";
    const auto command = refusal.find(mark);
    ASSERT_NE(command, std::string::npos) << refusal;
    ASSERT_EQ(std::system(refusal.substr(command + mark.size()).c_str()), 0);
    EXPECT_EQ(this->refusal(), "");
  }

  test::TemporaryDirectory directory_;
};

TEST_F(TrustedPathTest, OpensWhatIsOurs) {
  const auto opened = open_trusted_file(file());
  ASSERT_TRUE(opened);
  EXPECT_EQ(view(read_all(*opened, file(), 100)), "content");
  EXPECT_EQ(find_distrust(file(), TrustedAs::file), std::nullopt);
  EXPECT_EQ(find_distrust(path("a/b"), TrustedAs::directory), std::nullopt);
}

TEST_F(TrustedPathTest, WhatOthersMayWriteIsRefusedWhereverItIs) {
  for (const std::string_view name : {"a", "a/b", "a/b/file"}) {
    for (const mode_t mode : {0777U, 0757U, 0770U}) {
      // The user's own group may write where it is private.
      if (geteuid() != 0 && mode == 0770U) continue;
      set_mode(name, mode);
      const auto said = refusal();
      EXPECT_NE(said.find(path(name).string() + " has mode 0"), std::string::npos) << said;
      expect_mended(said);
    }
  }
}

TEST_F(TrustedPathTest, WhatBelongsToOthersIsRefusedWhereverItIs) {
  for (const std::string_view name : {"a", "a/b", "a/b/file"}) {
    give_away(name);
    if (IsSkipped()) return;
    const auto said = refusal();
    EXPECT_NE(said.find(path(name).string() + " belongs to user 12345"), std::string::npos) << said;
    expect_mended(said);
  }
}

// Whoever runs the program is trusted, and nobody whom he could not have kept out.
TEST_F(TrustedPathTest, TheUserWhoRunsItIsTrusted) {
  if (geteuid() != 0) GTEST_SKIP() << "only root becomes somebody else";
  for (const std::string_view name : {"", "a", "a/b", "a/b/file"})
    give_away(name);
  ASSERT_EQ(seteuid(stranger), 0);
  const auto said = refusal();
  ASSERT_EQ(seteuid(0), 0);
  EXPECT_EQ(said, "");
  EXPECT_NE(refusal(), "");
}

// Debian and others give each user a group of his own name, and such users a umask of 002.
TEST_F(TrustedPathTest, AUsersPrivateGroupMayWriteWhatIsHis) {
  if (geteuid() != 0) GTEST_SKIP() << "only root becomes somebody else";
  const auto* user = getpwnam("bin");
  ASSERT_TRUE(user != nullptr);
  const auto as_user = [&](gid_t group) {
    for (const std::string_view name : {"", "a", "a/b", "a/b/file"}) {
      EXPECT_EQ(chown(path(name).c_str(), user->pw_uid, group), 0);
      set_mode(name, 0770);
    }
    EXPECT_EQ(seteuid(user->pw_uid), 0);
    auto said = refusal();
    EXPECT_EQ(seteuid(0), 0);
    return said;
  };
  EXPECT_EQ(as_user(user->pw_gid), "");
  EXPECT_NE(as_user(stranger).find("has mode 0770"), std::string::npos);
}

TEST_F(TrustedPathTest, OnTheWayAStickyDirectoryIsEveryonesAndNoHarm) {
  set_mode("a", 01777);
  EXPECT_EQ(refusal(), "");
  set_mode("a/b", 01777);
  EXPECT_EQ(refusal(), "");
  // Where others must not be able to make names.
  EXPECT_NE(refusal(1).find(path("a/b").string() + " has mode 1777"), std::string::npos);
  EXPECT_THROW(open_trusted_directory(path("a/b")), UntrustedPath);
  EXPECT_THROW(open_trusted_directory("/tmp"), UntrustedPath);
}

TEST_F(TrustedPathTest, OthersThingsInAStickyDirectoryAreRefused) {
  set_mode("a", 01777);
  give_away("a/b");
  if (IsSkipped()) return;
  EXPECT_NE(refusal().find("belongs to user"), std::string::npos);
}

TEST_F(TrustedPathTest, LinksAreFollowedAndWhereTheyLeadIsJudged) {
  write_file(path("elsewhere/b/file"), "content");
  std::filesystem::remove_all(path("a"));
  std::filesystem::create_symlink("elsewhere/../elsewhere/.", path("a"));
  EXPECT_EQ(refusal(), "");
  std::filesystem::remove(path("a"));
  std::filesystem::create_symlink(path("elsewhere"), path("a"));
  EXPECT_EQ(refusal(), "");
  set_mode("elsewhere", 0777);
  const auto said = refusal();
  EXPECT_NE(said.find(path("elsewhere").string() + " has mode 0777"), std::string::npos) << said;
  expect_mended(said);
}

TEST_F(TrustedPathTest, AFileThatIsALink) {
  std::filesystem::rename(file(), path("real"));
  std::filesystem::create_symlink("../../real", file());
  EXPECT_EQ(refusal(), "");
  set_mode("real", 0666);
  expect_mended(refusal());
}

TEST_F(TrustedPathTest, OthersLinksAreRefusedWhereAllMayMakeThem) {
  std::filesystem::rename(path("a"), path("real"));
  std::filesystem::create_symlink("real", path("a"));
  give_away("a");
  if (IsSkipped()) return;
  EXPECT_EQ(refusal(), "");
  ASSERT_EQ(chmod(path().c_str(), 01777), 0);
  const auto said = refusal();
  EXPECT_NE(said.find(path("a").string() + " belongs to user 12345"), std::string::npos) << said;
  expect_mended(said);
}

TEST_F(TrustedPathTest, LinksInACircle) {
  std::filesystem::remove_all(path("a"));
  std::filesystem::create_symlink("a", path("a"));
  EXPECT_NE(message_of<StoreError>([&] { open_trusted_file(file()); }).find("Too many levels"),
            std::string::npos);
}

TEST_F(TrustedPathTest, WhatIsNotThere) {
  EXPECT_FALSE(open_trusted_file(path("a/none")));
  EXPECT_FALSE(open_trusted_file(path("none/file")));
  EXPECT_FALSE(open_trusted_file(path("a/b/file/below")));
  EXPECT_EQ(message_of<StoreError>([] { open_trusted_file(""); }),
            "cannot open \"\": No such file or directory");
  std::filesystem::create_symlink("nowhere", path("a/dangling"));
  EXPECT_FALSE(open_trusted_file(path("a/dangling")));
  EXPECT_EQ(message_of<StoreError>([&] { open_trusted_directory(path("none/at/all")); }),
            "cannot open " + path("none").string() + ": No such file or directory");
  EXPECT_EQ(message_of<StoreError>([&] { (void)find_distrust(path("none"), TrustedAs::file); }),
            "cannot examine " + path("none").string() + ": No such file or directory");
}

TEST_F(TrustedPathTest, WhatIsNoFile) {
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  for (const auto& no_file :
       {path("pipe"), path("a"), path("a/"), path("a/b/.."), path("/dev/null"), path("/")})
    EXPECT_NE(message_of<StoreError>([&] { open_trusted_file(no_file); }).find(" is not a regular file"),
              std::string::npos)
        << no_file;
}

TEST_F(TrustedPathTest, ADirectoryIsOpenedToWorkIn) {
  const auto directory = open_trusted_directory(path("a/b"));
  const FileDescriptor opened(openat(directory.get(), "file", O_RDONLY));
  EXPECT_TRUE(opened);
  EXPECT_EQ(fsync(directory.get()), 0);
  EXPECT_THROW(open_trusted_directory(file()), StoreError);
}

// A command that is pasted does what it says, whatever the path holds.
TEST_F(TrustedPathTest, RemediesAreQuoted) {
  std::filesystem::rename(path("a"), path("it's; a $dir"));
  std::filesystem::create_symlink("it's; a $dir", path("a"));
  set_mode("it's; a $dir", 0777);
  expect_mended(refusal());
}

TEST_F(TrustedPathTest, RelativePathsAreBelowTheWorkingDirectory) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(path("a"));
  const bool opened = open_trusted_file("b/file").has_value();
  set_mode("a", 0777);
  const auto said = message_of<UntrustedPath>([] { open_trusted_file("b/file"); });
  std::filesystem::current_path(before);
  EXPECT_TRUE(opened);
  EXPECT_NE(said.find(path("a").string() + " has mode 0777"), std::string::npos) << said;
}

}  // namespace
}  // namespace dkim::crypto
