// Through milter/libmilter/read_ahead, libmilter sees the same bytes, whatever pieces they come in.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "tests/milter/libmilter/fortified_calls.hpp"
#include "tests/support/patience.hpp"

namespace {

using dkim::test::fortified_poll;
using dkim::test::fortified_read;
using dkim::test::limit_waits;

class ReadAheadTest : public testing::Test {
 protected:
  ReadAheadTest() { open_pair(); }
  ~ReadAheadTest() override {
    close(ours_);
    close(peers_);
  }

  void open_pair() {
    std::array<int, 2> pair{};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);
    ours_ = pair[0];
    peers_ = pair[1];
    ASSERT_TRUE(limit_waits(ours_) && limit_waits(peers_));
  }

  void send(const std::string& bytes) const {
    ASSERT_EQ(::send(peers_, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }

  static int poll_now(int descriptor) {
    pollfd wanted{descriptor, POLLIN, 0};
    const int result = poll(&wanted, 1, 0);
    EXPECT_EQ(result == 1, (wanted.revents & POLLIN) != 0);
    return result;
  }

  static std::string read_some(int descriptor, std::size_t size) {
    std::string bytes(size, '?');
    const ssize_t count = read(descriptor, bytes.data(), size);
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return bytes;
  }

  int ours_ = -1;
  int peers_ = -1;
};

TEST_F(ReadAheadTest, PacketsInPieces) {
  send("12345abcdef");
  EXPECT_EQ(poll_now(ours_), 1);
  EXPECT_EQ(read_some(ours_, 5), "12345");
  EXPECT_EQ(poll_now(ours_), 1) << "bytes are left, though not in the kernel";
  EXPECT_EQ(read_some(ours_, 6), "abcdef");
  EXPECT_EQ(poll_now(ours_), 0);
}

TEST_F(ReadAheadTest, LaterBytesAreSeen) {
  send("one");
  EXPECT_EQ(poll_now(ours_), 1);
  send("two");
  EXPECT_EQ(read_some(ours_, 6), "onetwo");
  EXPECT_EQ(poll_now(ours_), 0);
  send("three");
  EXPECT_EQ(poll_now(ours_), 1);
  EXPECT_EQ(read_some(ours_, 100), "three");
}

TEST_F(ReadAheadTest, TheEndIsSeenAfterTheBytes) {
  send("last");
  shutdown(peers_, SHUT_WR);
  EXPECT_EQ(poll_now(ours_), 1);
  EXPECT_EQ(read_some(ours_, 4), "last");
  EXPECT_EQ(poll_now(ours_), 1);
  EXPECT_EQ(read_some(ours_, 4), "");
}

TEST_F(ReadAheadTest, AReadWithoutAPollPassesThrough) {
  send("plain");
  EXPECT_EQ(read_some(ours_, 5), "plain");
}

// Reads of any size get the correct bytes, across the end of the buffer as well.
TEST_F(ReadAheadTest, AMegabyteArrivesWhole) {
  std::string sent;
  for (int i = 0; i < 1'000'000; ++i)
    sent += static_cast<char>(i * 7 + i / 251);
  std::jthread writer([&] {
    std::size_t done = 0;
    while (done < sent.size()) {
      const ssize_t count = ::send(peers_, sent.data() + done, sent.size() - done, 0);
      if (count <= 0) break;
      done += static_cast<std::size_t>(count);
    }
    shutdown(peers_, SHUT_WR);
  });
  std::string received;
  for (std::size_t size = 1; received.size() < sent.size(); size = size * 3 % 9001 + 1) {
    pollfd wanted{ours_, POLLIN, 0};
    ASSERT_EQ(poll(&wanted, 1, 30'000), 1);
    const std::string part = read_some(ours_, size);
    ASSERT_FALSE(part.empty());
    received += part;
  }
  writer.join();
  EXPECT_EQ(received, sent);
}

// The bytes of a connection that was closed are not given to the next one, which may have the same descriptor
// number.
TEST_F(ReadAheadTest, AReusedDescriptorNumberIsAnotherConnection) {
  send("left over");
  EXPECT_EQ(poll_now(ours_), 1);
  EXPECT_EQ(read_some(ours_, 4), "left");
  const int number = ours_;
  close(ours_);
  close(peers_);
  open_pair();
  ASSERT_TRUE(ours_ == number || peers_ == number);
  EXPECT_EQ(poll_now(ours_), 0);
  send("new");
  EXPECT_EQ(poll_now(ours_), 1);
  EXPECT_EQ(read_some(ours_, 10), "new");
}

TEST_F(ReadAheadTest, AnotherDescriptorDoesNotDisturb) {
  std::array<int, 2> other{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, other.data()), 0);
  send("12345abc");
  EXPECT_EQ(poll_now(ours_), 1);
  EXPECT_EQ(read_some(ours_, 5), "12345");
  ASSERT_TRUE(limit_waits(other[0]));
  ASSERT_EQ(::send(other[1], "xyz", 3, 0), 3);
  EXPECT_EQ(poll_now(other[0]), 1);
  EXPECT_EQ(read_some(other[0], 3), "xyz");
  ASSERT_EQ(poll_now(ours_), 1) << "lost";
  EXPECT_EQ(read_some(ours_, 3), "abc");
  close(other[0]);
  close(other[1]);
}

// A read that waits in the kernel for what poll has taken would wait forever; here the peer has closed, which
// makes it a short read.
TEST_F(ReadAheadTest, FortifiedCallsAreServedToo) {
  send("12345abcdef");
  shutdown(peers_, SHUT_WR);
  EXPECT_EQ(fortified_poll(ours_, 1, 2), 1);
  EXPECT_EQ(fortified_read(ours_, 5, 9), "12345");
  EXPECT_EQ(fortified_poll(ours_, 1, 1), 1);
  EXPECT_EQ(fortified_read(ours_, 6, 6), "abcdef");
  EXPECT_EQ(fortified_read(ours_, 6, 6), "");
}

TEST_F(ReadAheadTest, FortifiedAndPlainCallsShareTheBuffer) {
  send("12345abcdef");
  shutdown(peers_, SHUT_WR);
  EXPECT_EQ(poll_now(ours_), 1);
  EXPECT_EQ(fortified_read(ours_, 5, 5), "12345");
  EXPECT_EQ(fortified_poll(ours_, 1, 1), 1);
  EXPECT_EQ(read_some(ours_, 6), "abcdef");
}

// The compiler's bounds check is still there, so the calls above were fortified ones.
TEST_F(ReadAheadTest, AFortifiedCallStillEndsAnOverflow) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  send("0123456789");
  EXPECT_DEATH(fortified_read(ours_, 10, 9), "buffer overflow detected");
  EXPECT_DEATH(fortified_poll(ours_, 2, 1), "buffer overflow detected");
  EXPECT_EQ(fortified_poll(ours_, 1, 1), 1);
  EXPECT_DEATH(fortified_read(ours_, 10, 9), "buffer overflow detected");
}

}  // namespace
