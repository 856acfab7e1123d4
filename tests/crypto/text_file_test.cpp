#include "crypto/text_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "crypto/error.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::test {
namespace {

TEST(TextFile, IsReplacedAsAWholeAndReadableByAll) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "m.prom";
  const mode_t before = umask(0077);
  crypto::replace_text_file(path, "one");
  crypto::replace_text_file(path, "two\n");
  umask(before);
  EXPECT_EQ(read_file(path), "two\n");
  struct stat status = {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0644U);
  EXPECT_EQ(names_in(directory.path()), std::vector<std::string>{"m.prom"});
}

TEST(TextFile, ReplacesTheLeftoverOfAKilledWriterAndFollowsNoLink) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "m.prom";
  const auto temporary = directory.path() / ".m.prom.new";
  write_file(temporary, std::string(100'000, 'x'), 0400);
  crypto::replace_text_file(path, "one");
  EXPECT_EQ(read_file(path), "one");
  // Following a symbolic link would overwrite somebody else's file.
  write_file(directory.path() / "victim", "precious");
  std::filesystem::create_symlink(directory.path() / "victim", temporary);
  crypto::replace_text_file(path, "two");
  EXPECT_EQ(read_file(path), "two");
  EXPECT_EQ(read_file(directory.path() / "victim"), "precious");
  EXPECT_EQ(names_in(directory.path()), (std::vector<std::string>{"m.prom", "victim"}));
}

TEST(TextFile, GivesTheReasonAndLeavesNothingIfItCannotBeWritten) {
  const TemporaryDirectory directory;
  EXPECT_EQ(
      message_of<crypto::StoreError>([&] { crypto::replace_text_file(directory.path() / "no/m.prom", "x"); }),
      "cannot create " + (directory.path() / "no/.m.prom.new").string() + ": No such file or directory");
  std::filesystem::create_directory(directory.path() / "m.prom");
  EXPECT_EQ(
      message_of<crypto::StoreError>([&] { crypto::replace_text_file(directory.path() / "m.prom", "x"); }),
      "cannot put in place " + (directory.path() / "m.prom").string() + ": Is a directory");
  EXPECT_EQ(names_in(directory.path()), std::vector<std::string>{"m.prom"});
}

}  // namespace
}  // namespace dkim::test
