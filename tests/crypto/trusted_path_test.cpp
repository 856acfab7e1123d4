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

// No test runs as this user.
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
  // Returns the refusal of the file; "" if there is none.
  std::string refusal(std::size_t closed_directories = 0) const {
    try {
      return open_trusted_file(file(), closed_directories) ? "" : "(there is none)";
    } catch (const UntrustedPath& error) {
      return error.what();
    }
  }
  // Runs the command that a refusal gives, which must be enough to fix it.
  void expect_fixed(const std::string& refusal) const {
    constexpr std::string_view mark = "fix it with: ";
    const auto command = refusal.find(mark);
    ASSERT_NE(command, std::string::npos) << refusal;
    ASSERT_EQ(std::system(refusal.substr(command + mark.size()).c_str()), 0);
    EXPECT_EQ(this->refusal(), "");
  }

  test::TemporaryDirectory directory_;
};

TEST_F(TrustedPathTest, OpensATrustedFile) {
  const auto opened = open_trusted_file(file());
  ASSERT_TRUE(opened);
  EXPECT_EQ(view(read_all(*opened, file(), 100)), "content");
  EXPECT_EQ(find_distrust(file(), TrustedAs::file), std::nullopt);
  EXPECT_EQ(find_distrust(path("a/b"), TrustedAs::directory), std::nullopt);
}

TEST_F(TrustedPathTest, PathsThatOthersMayWriteAreRefused) {
  for (const std::string_view name : {"a", "a/b", "a/b/file"}) {
    for (const mode_t mode : {0777U, 0757U, 0770U}) {
      // The user's own private group may write.
      if (geteuid() != 0 && mode == 0770U) continue;
      set_mode(name, mode);
      const auto said = refusal();
      EXPECT_NE(said.find(path(name).string() + " has mode 0"), std::string::npos) << said;
      expect_fixed(said);
    }
  }
}

TEST_F(TrustedPathTest, PathsThatBelongToOthersAreRefused) {
  for (const std::string_view name : {"a", "a/b", "a/b/file"}) {
    give_away(name);
    if (IsSkipped()) return;
    const auto said = refusal();
    EXPECT_NE(said.find(path(name).string() + " belongs to user 12345"), std::string::npos) << said;
    expect_fixed(said);
  }
}

// Root and the user who runs the program are trusted, and nobody else.
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

// Debian and others give each user a private group of the same name, and then a umask of 002.
TEST_F(TrustedPathTest, AUsersPrivateGroupMayWrite) {
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

TEST_F(TrustedPathTest, AStickyDirectoryOnTheWayIsAccepted) {
  set_mode("a", 01777);
  EXPECT_EQ(refusal(), "");
  set_mode("a/b", 01777);
  EXPECT_EQ(refusal(), "");
  // In this directory, others must not be able to create files.
  EXPECT_NE(refusal(1).find(path("a/b").string() + " has mode 1777"), std::string::npos);
  EXPECT_THROW(open_trusted_directory(path("a/b")), UntrustedPath);
  EXPECT_THROW(open_trusted_directory("/tmp"), UntrustedPath);
}

TEST_F(TrustedPathTest, OtherUsersFilesInAStickyDirectoryAreRefused) {
  set_mode("a", 01777);
  give_away("a/b");
  if (IsSkipped()) return;
  EXPECT_NE(refusal().find("belongs to user"), std::string::npos);
}

TEST_F(TrustedPathTest, LinksAreFollowedAndTheirTargetsAreJudged) {
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
  expect_fixed(said);
}

TEST_F(TrustedPathTest, AFileThatIsALink) {
  std::filesystem::rename(file(), path("real"));
  std::filesystem::create_symlink("../../real", file());
  EXPECT_EQ(refusal(), "");
  set_mode("real", 0666);
  expect_fixed(refusal());
}

TEST_F(TrustedPathTest, OtherUsersLinksInAStickyDirectoryAreRefused) {
  std::filesystem::rename(path("a"), path("real"));
  std::filesystem::create_symlink("real", path("a"));
  give_away("a");
  if (IsSkipped()) return;
  EXPECT_EQ(refusal(), "");
  ASSERT_EQ(chmod(path().c_str(), 01777), 0);
  const auto said = refusal();
  EXPECT_NE(said.find(path("a").string() + " belongs to user 12345"), std::string::npos) << said;
  expect_fixed(said);
}

TEST_F(TrustedPathTest, LinksInACircle) {
  std::filesystem::remove_all(path("a"));
  std::filesystem::create_symlink("a", path("a"));
  EXPECT_NE(message_of<StoreError>([&] { open_trusted_file(file()); }).find("Too many levels"),
            std::string::npos);
}

TEST_F(TrustedPathTest, MissingFiles) {
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

TEST_F(TrustedPathTest, AnythingButARegularFileIsRefused) {
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  for (const auto& no_file :
       {path("pipe"), path("a"), path("a/"), path("a/b/.."), path("/dev/null"), path("/")})
    EXPECT_NE(message_of<StoreError>([&] { open_trusted_file(no_file); }).find(" is not a regular file"),
              std::string::npos)
        << no_file;
}

TEST_F(TrustedPathTest, ADirectoryIsOpenedForUse) {
  const auto directory = open_trusted_directory(path("a/b"));
  const FileDescriptor opened(openat(directory.get(), "file", O_RDONLY));
  EXPECT_TRUE(opened);
  EXPECT_EQ(fsync(directory.get()), 0);
  EXPECT_THROW(open_trusted_directory(file()), StoreError);
}

// The directory and the way to it are judged once; everything below it is judged as if from / on.
TEST_F(TrustedPathTest, FilesBelowAnOpenDirectoryAreJudgedAlike) {
  const auto below = [](const TrustedDirectory& directory) -> std::string {
    try {
      const auto opened = directory.open_file("b/file");
      return opened ? std::string(view(read_all(*opened, "file", 100))) : "(there is none)";
    } catch (const StoreError& error) {
      return error.what();
    }
  };
  const auto held = TrustedDirectory::open(path("a"));
  EXPECT_EQ(below(held), "content");
  struct Spoiled {
    const char* command;  // in the directory that a is in
    bool only_by_root;
  };
  for (const auto& [command, only_by_root] : {
           Spoiled{"chmod 777 a/b", false},
           Spoiled{"chmod 1777 a/b", false},
           Spoiled{"chmod 666 a/b/file", false},
           Spoiled{"chown 12345 a/b", true},
           Spoiled{"chown 12345 a/b/file", true},
           Spoiled{"mv a/b c && chmod 777 c && ln -s ../c a/b", false},
           Spoiled{"mv a/b c && chmod 777 c && ln -s \"$PWD/c\" a/b", false},
           Spoiled{"mkdir -m 777 d && mv a/b d/b && ln -s ../d/b a/b", false},
           Spoiled{"mv a/b/file f && chmod 666 f && ln -s ../../f a/b/file", false},
           Spoiled{"ln -sf file a/b/file", false},
           Spoiled{"rm a/b/file && mkdir a/b/file", false},
       }) {
    if (only_by_root && geteuid() != 0) continue;
    const auto run = [&](const std::string& text) {
      ASSERT_EQ(std::system(("cd '" + path().string() + "' && " + text).c_str()), 0) << text;
    };
    run(command);
    std::string expected;
    try {
      ASSERT_FALSE(open_trusted_file(file(), 1)) << command;
    } catch (const StoreError& error) {
      expected = error.what();
    }
    EXPECT_NE(expected, "") << command;
    EXPECT_EQ(below(held), expected) << command;
    run("rm -rf a/b c d f && mkdir -m 755 a/b && printf content > a/b/file");
    EXPECT_EQ(below(held), "content") << command;
  }
  std::filesystem::remove(file());
  EXPECT_EQ(below(held), "(there is none)");
  std::filesystem::remove(path("a/b"));
  EXPECT_EQ(below(held), "(there is none)");
}

TEST_F(TrustedPathTest, ALinkBelowAnOpenDirectoryIsFollowed) {
  const auto held = TrustedDirectory::open(path("a"));
  std::filesystem::rename(path("a/b"), path("c"));
  for (const auto& target : {std::filesystem::path("../c"), path("c")}) {
    std::filesystem::create_symlink(target, path("a/b"));
    EXPECT_TRUE(held.open_file("b/file")) << target;
    std::filesystem::remove(path("a/b"));
  }
}

TEST_F(TrustedPathTest, AnOpenDirectoryIsJudgedWhenItIsOpened) {
  for (const auto* directory : {"", "a"}) {
    set_mode(directory, 0777);
    EXPECT_NE(message_of<UntrustedPath>([&] { TrustedDirectory::open(path("a")); }), "") << directory;
    set_mode(directory, 0755);
  }
  EXPECT_NE(message_of<StoreError>([&] { TrustedDirectory::open(path("a/b/file")); }), "");
  EXPECT_NE(message_of<StoreError>([&] { TrustedDirectory::open(path("x")); }), "");
  // It remains the same directory, even if another one gets its name.
  const auto held = TrustedDirectory::open(path("a"));
  std::filesystem::rename(path("a"), path("aside"));
  write_file(path("a/b/file"), "another");
  const auto opened = held.open_file("b/file");
  ASSERT_TRUE(opened);
  EXPECT_EQ(view(read_all(*opened, file(), 100)), "content");
}

// A command that is pasted does what it says, whatever the path contains.
TEST_F(TrustedPathTest, RemediesAreQuoted) {
  std::filesystem::rename(path("a"), path("it's; a $dir"));
  std::filesystem::create_symlink("it's; a $dir", path("a"));
  set_mode("it's; a $dir", 0777);
  expect_fixed(refusal());
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
