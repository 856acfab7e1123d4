#include "milter/listen_socket.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "crypto/error.hpp"
#include "crypto/file.hpp"
#include "tests/crypto/test_store.hpp"
#include "tests/support/unix_socket.hpp"

namespace dkim::milter {
namespace {

using test::bound_socket;

class ListenSocketTest : public testing::Test {
 protected:
  struct stat status() const {
    struct stat out = {};
    EXPECT_EQ(lstat(path_.c_str(), &out), 0) << std::strerror(errno);
    return out;
  }

  std::string error_of_start() const {
    try {
      ListenSocket(address_, 0660);
      return "no error";
    } catch (const crypto::Error& error) {
      return error.what();
    }
  }

  test::TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_.path() / "s";
  SocketAddress address_{"unix:" + path_.string()};
};

TEST_F(ListenSocketTest, RemovesASocketThatNobodyListensOn) {
  bound_socket(path_);  // closed at once
  ASSERT_TRUE(std::filesystem::exists(path_));
  const ListenSocket socket(address_, 0660);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(ListenSocketTest, RefusesALiveSocket) {
  const auto alive = bound_socket(path_);
  EXPECT_EQ(error_of_start(), "another process already listens on " + path_.string());
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(ListenSocketTest, RefusesALiveSocketWhoseQueueIsFull) {
  const auto alive = bound_socket(path_);
  const test::UnixAddress address(path_);
  std::vector<crypto::FileDescriptor> waiting;
  while (waiting.size() < 64) {
    crypto::FileDescriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const bool full = connect(fd.get(), address.get(), address.size()) != 0;
    waiting.push_back(std::move(fd));
    if (full) break;
  }
  ASSERT_LT(waiting.size(), 64U) << "the queue never filled";
  EXPECT_EQ(error_of_start(), "another process already listens on " + path_.string());
}

TEST_F(ListenSocketTest, RefusesAFileThatIsNotASocket) {
  test::write_file(path_, "precious");
  EXPECT_EQ(error_of_start(), path_.string() +
                                  " is there and is no socket; it is left alone: choose another "
                                  "path or remove it");
  EXPECT_EQ(test::read_file(path_), "precious");
}

TEST_F(ListenSocketTest, DoesNotFollowALinkToASocket) {
  bound_socket(directory_.path() / "elsewhere");  // closed at once
  std::filesystem::create_symlink(directory_.path() / "elsewhere", path_);
  EXPECT_NE(error_of_start(), "no error");
  EXPECT_TRUE(std::filesystem::exists(directory_.path() / "elsewhere"));
}

TEST_F(ListenSocketTest, RefusesASocketOfAnotherKind) {
  const auto datagrams = bound_socket(path_, SOCK_DGRAM);
  EXPECT_NE(error_of_start().find("cannot tell whether the socket"), std::string::npos) << error_of_start();
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(ListenSocketTest, SaysHowToMakeAMissingDirectory) {
  address_.text = "unix:" + (directory_.path() / "missing").string() + "/s";
  const std::string missing = directory_.path() / "missing";
  EXPECT_EQ(error_of_start(),
            "the socket's directory " + missing +
                " does not exist; make it with: install -d -o dkimsignd -g postfix -m 2750 " + missing);
  test::write_file(directory_.path() / "missing", "a file");
  EXPECT_NE(error_of_start().find("does not exist"), std::string::npos);
}

TEST_F(ListenSocketTest, GetsItsModeAndTheGroupOfItsDirectory) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may give a directory to another group";
  constexpr gid_t group = 4242;
  ASSERT_EQ(chown(directory_.path().c_str(), static_cast<uid_t>(-1), group), 0);
  const mode_t before = umask(0);
  for (const mode_t mode : {0660U, 0600U, 0666U, 0777U}) {
    ListenSocket socket(address_, mode);
    socket.open_with([&] {
      const auto open = bound_socket(path_);
      // The socket is never more open than its mode, not even for an instant.
      EXPECT_EQ(status().st_mode & 0777 & ~mode, 0U);
    });
    EXPECT_EQ(status().st_mode & 07777, mode);
    EXPECT_EQ(status().st_gid, group);
    EXPECT_EQ(umask(0), 0U) << "the umask is restored";
    socket.remove();
  }
  umask(before);
}

TEST_F(ListenSocketTest, RestoresTheUmaskIfItCannotOpen) {
  const mode_t before = umask(0);
  ListenSocket socket(address_, 0660);
  EXPECT_THROW(socket.open_with([] { throw crypto::Error("no"); }), crypto::Error);
  EXPECT_EQ(umask(before), 0U);
}

TEST_F(ListenSocketTest, NoticesAMissingSocket) {
  ListenSocket socket(address_, 0660);
  EXPECT_THROW(socket.open_with([] {}), crypto::Error);
}

TEST_F(ListenSocketTest, IsRemovedAtTheEnd) {
  ListenSocket socket(address_, 0660);
  std::optional<crypto::FileDescriptor> open;
  socket.open_with([&] { open.emplace(bound_socket(path_)); });
  ASSERT_TRUE(std::filesystem::exists(path_));
  socket.remove();
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(ListenSocketTest, LeavesTheSocketOfASuccessor) {
  ListenSocket socket(address_, 0660);
  std::optional<crypto::FileDescriptor> ours;
  socket.open_with([&] { ours.emplace(bound_socket(path_)); });
  // Keeps the old socket under another name, so that the file system does not reuse its inode.
  std::filesystem::rename(path_, directory_.path() / "old");
  const auto successor = bound_socket(path_);
  socket.remove();
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(ListenSocketTest, RemovesNoSocketThatItDidNotOpen) {
  ListenSocket socket(address_, 0660);
  const auto other = bound_socket(path_);
  socket.remove();
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(ListenSocketTest, AnInternetSocketHasNoFile) {
  ListenSocket socket(SocketAddress{"inet:8891@127.0.0.1"}, 0660);
  bool opened = false;
  socket.open_with([&] { opened = true; });
  EXPECT_TRUE(opened);
  socket.remove();
}

}  // namespace
}  // namespace dkim::milter
