#include "keytool/dns/udp_exchange.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "crypto/file.hpp"
#include "keytool/system/socket_address.hpp"

namespace dkim::keytool {
namespace {

using Bytes = std::vector<std::uint8_t>;

const Bytes query = {1, 2, 3};

// A socket at a port of 127.0.0.1.
class Loopback {
 public:
  Loopback() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const auto any_port = socket_address(*canon::IpAddress::parse("127.0.0.1"), 0);
    EXPECT_EQ(bind(socket_.get(), any_port.get(), any_port.size), 0);
  }

  ServerAddress address() const {
    SocketAddress own;
    EXPECT_EQ(getsockname(socket_.get(), own.get(), &own.size), 0);
    sockaddr_in in{};
    std::memcpy(&in, &own.storage, sizeof in);
    return {*ip_address(own), ntohs(in.sin_port)};
  }

  // Waits for a question, which it keeps, together with who sent it.
  void receive() {
    question.resize(100);
    const ssize_t size =
        recvfrom(socket_.get(), question.data(), question.size(), 0, asker_.get(), &asker_.size);
    question.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  }

  void send_to(const SocketAddress& target, const Bytes& bytes) const {
    EXPECT_EQ(sendto(socket_.get(), bytes.data(), bytes.size(), 0, target.get(), target.size),
              static_cast<ssize_t>(bytes.size()));
  }
  const SocketAddress& asker() const { return asker_; }
  void answer(const Bytes& bytes) const { send_to(asker_, bytes); }

  Bytes question;

 private:
  crypto::FileDescriptor socket_;
  SocketAddress asker_;
};

constexpr std::chrono::minutes long_enough{1};

// Asks a server that answers so.
Bytes exchange(auto answer) {
  Loopback server;
  std::jthread thread([&] {
    server.receive();
    answer(server);
  });
  auto got = exchange_over_udp(server.address(), query, long_enough);
  thread.join();
  EXPECT_EQ(server.question, query);
  return got;
}

TEST(UdpExchange, ReturnsTheAnswer) {
  EXPECT_EQ(exchange([](const Loopback& server) { server.answer({4, 5}); }), (Bytes{4, 5}));
}

TEST(UdpExchange, ALargeAnswerIsWhole) {
  const Bytes large(65507, 7);
  EXPECT_EQ(exchange([&](const Loopback& server) { server.answer(large); }), large);
}

TEST(UdpExchange, ADatagramFromElsewhereIsNotReceived) {
  const Loopback stranger;
  EXPECT_EQ(exchange([&](const Loopback& server) {
              stranger.send_to(server.asker(), {9, 9, 9});
              server.answer({4, 5});
            }),
            (Bytes{4, 5}));
}

TEST(UdpExchange, AnEmptyDatagramIsNoAnswer) {
  EXPECT_EQ(exchange([](const Loopback& server) {
              server.answer({});
              server.answer({4, 5});
            }),
            (Bytes{4, 5}));
}

TEST(UdpExchange, ASilentServerEndsInNothing) {
  const Loopback server;
  EXPECT_EQ(exchange_over_udp(server.address(), query, std::chrono::milliseconds(1)), Bytes());
}

TEST(UdpExchange, WhereNobodyListensNothingIsWaitedFor) {
  auto address = ServerAddress{};
  {
    const Loopback closed;
    address = closed.address();
  }
  // Were the refusal not seen, this would take longer than a test may.
  EXPECT_EQ(exchange_over_udp(address, query, std::chrono::hours(1)), Bytes());
}

TEST(UdpExchange, AnAddressThatCannotBeReachedIsNoAnswer) {
  EXPECT_EQ(exchange_over_udp({*canon::IpAddress::parse("255.255.255.255"), 53}, query, long_enough),
            Bytes());
}

}  // namespace
}  // namespace dkim::keytool
