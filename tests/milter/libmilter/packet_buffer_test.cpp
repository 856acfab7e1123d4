// The buffer finds whole packets, whatever pieces they come in.
#include "milter/libmilter/packet_buffer.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

#include "tests/support/milter_payload.hpp"

namespace dkim::milter {
namespace {

using namespace std::string_literals;
using Took = PacketBuffer::Took;

class PacketBufferTest : public testing::Test {
 protected:
  PacketBufferTest() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair_.data()), 0); }
  ~PacketBufferTest() override {
    close(pair_[0]);
    close(pair_[1]);
  }

  void send(const std::string& bytes) const {
    ASSERT_EQ(::send(pair_[1], bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }

  // Takes everything that has arrived.
  Took take() {
    Took took = buffer_.take_from(pair_[0]);
    while (took == Took::bytes)
      took = buffer_.take_from(pair_[0]);
    return took;
  }

  std::string give(std::size_t most) {
    std::string out(most, '?');
    out.resize(buffer_.give(out.data(), most));
    return out;
  }

  static std::string packet(std::uint32_t length, const std::string& rest) {
    return test::packed_u32(length) + rest;
  }

  std::array<int, 2> pair_{};
  PacketBuffer buffer_;
};

TEST_F(PacketBufferTest, APacketIsWholeWithItsLastByte) {
  const std::string whole = packet(4, "Babc");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    EXPECT_FALSE(buffer_.has_whole_packet()) << i;
    EXPECT_EQ(buffer_.command().has_value(), i >= 5) << i;
    send(whole.substr(i, 1));
    EXPECT_EQ(take(), Took::nothing);
  }
  EXPECT_TRUE(buffer_.has_whole_packet());
  EXPECT_EQ(buffer_.packet_size(), whole.size());
  EXPECT_EQ(give(100), whole);
  EXPECT_TRUE(buffer_.empty());
}

TEST_F(PacketBufferTest, TheNextPacketStays) {
  send(packet(1, "N") + packet(3, "Bxy") + packet(9, "Bz"));
  take();
  EXPECT_EQ(buffer_.packet_size(), 5U);
  EXPECT_EQ(give(buffer_.packet_size()), packet(1, "N"));
  EXPECT_EQ(buffer_.command(), 'B');
  EXPECT_EQ(give(buffer_.packet_size()), packet(3, "Bxy"));
  EXPECT_FALSE(buffer_.has_whole_packet());
  EXPECT_FALSE(buffer_.empty());
}

// libmilter reads five bytes and then judges.
TEST_F(PacketBufferTest, TheFirstFiveBytesOfNonsenseAreAPacket) {
  for (const std::uint32_t length :
       {0U, 1U, 0x80000000U, 0xffffffffU, static_cast<std::uint32_t>(largest_packet) + 2}) {
    send(packet(length, "B"));
    take();
    EXPECT_EQ(buffer_.packet_size(), 5U) << length;
    EXPECT_TRUE(buffer_.has_whole_packet()) << length;
    give(5);
  }
  send(packet(largest_packet + 1, "B"));
  take();
  EXPECT_EQ(buffer_.packet_size(), largest_packet + 5);
}

TEST_F(PacketBufferTest, ALargePacketArrivesWhole) {
  std::string data = "L";
  for (int i = 0; i < 1'000'000; ++i)
    data += static_cast<char>(i * 7 + i / 251);
  const std::string whole = packet(static_cast<std::uint32_t>(data.size()), data);
  for (std::size_t at = 0; at < whole.size(); at += 50'001) {
    EXPECT_FALSE(buffer_.has_whole_packet());
    send(whole.substr(at, 50'001));
    take();
  }
  ASSERT_TRUE(buffer_.has_whole_packet());
  EXPECT_EQ(give(5), whole.substr(0, 5));
  EXPECT_EQ(give(2'000'000), whole.substr(5));
}

TEST_F(PacketBufferTest, WhatIsPutFirstComesFirst) {
  buffer_.put_first("ab");
  send(packet(1, "K"));
  take();
  EXPECT_EQ(give(1), "a");
  buffer_.put_first("xy");
  buffer_.put_first("0123456789");
  EXPECT_EQ(give(100), "0123456789xyb" + packet(1, "K"));
}

TEST_F(PacketBufferTest, TheEndIsSeenAfterTheBytes) {
  send("last");
  shutdown(pair_[1], SHUT_WR);
  EXPECT_EQ(buffer_.take_from(pair_[0]), Took::bytes);
  EXPECT_EQ(buffer_.take_from(pair_[0]), Took::end);
  EXPECT_EQ(give(10), "last");
}

TEST_F(PacketBufferTest, MovesWithItsBytes) {
  send("abc");
  take();
  PacketBuffer other = std::move(buffer_);
  EXPECT_TRUE(buffer_.empty());  // NOLINT(bugprone-use-after-move): it must be empty
  buffer_ = std::move(other);
  EXPECT_EQ(give(10), "abc");
  send("def");
  take();
  buffer_.forget();
  EXPECT_TRUE(buffer_.empty());
  send("ghi");
  take();
  EXPECT_EQ(give(10), "ghi");
}

}  // namespace
}  // namespace dkim::milter
