#include "milter/self_probe.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <functional>
#include <thread>

#include "crypto/file.hpp"
#include "tests/crypto/test_store.hpp"
#include "tests/support/patience.hpp"
#include "tests/support/unix_socket.hpp"

namespace dkim::milter {
namespace {

using Outcome = ProbeResult::Outcome;

constexpr std::chrono::seconds long_enough{60};
constexpr std::chrono::milliseconds short_time{50};

const std::string answer("\0\0\0\x0dO\0\0\0\6\0\0\0\1\0\0\0\0", 17);

std::string described(const ProbeResult& result) {
  const std::array<const char*, 4> names{"answered", "not answered", "not allowed", "stopped"};
  const std::string name = names.at(static_cast<std::size_t>(result.outcome));
  return result.reason.empty() ? name : name + ": " + result.reason;
}

// Listens in this process until it is destroyed, and handles each connection as the test says.
class Listener {
 public:
  using Answer = std::function<void(int connection)>;

  Listener(const sockaddr* address, socklen_t size, const Answer& answer_one)
      : fd_(socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0)), end_(eventfd(0, EFD_CLOEXEC)) {
    EXPECT_EQ(bind(fd_.get(), address, size), 0) << std::strerror(errno);
    EXPECT_EQ(listen(fd_.get(), 0), 0);
    if (answer_one) thread_ = std::thread([this, answer_one] { run(answer_one); });
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() {
    eventfd_write(end_.get(), 1);
    if (thread_.joinable()) thread_.join();
  }

  std::string port() const {
    sockaddr_in6 address{};  // the port of a sockaddr_in is in the same place
    socklen_t size = sizeof address;
    getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return std::to_string(ntohs(address.sin6_port));
  }

 private:
  void run(const Answer& answer_one) {
    while (true) {
      std::array<pollfd, 2> wanted{{{fd_.get(), POLLIN, 0}, {end_.get(), POLLIN, 0}}};
      poll(wanted.data(), wanted.size(), -1);
      if (wanted[1].revents != 0) return;
      const crypto::FileDescriptor connection(accept(fd_.get(), nullptr, nullptr));
      EXPECT_TRUE(test::limit_waits(connection.get()));
      answer_one(connection.get());
    }
  }

  crypto::FileDescriptor fd_;
  crypto::FileDescriptor end_;
  std::thread thread_;
};

// Returns a handler that reads the question, sends the text in pieces, and then reads until the peer closes.
Listener::Answer says(const std::string& text, std::size_t piece = 1000) {
  return [text, piece](int connection) {
    std::array<char, 17> question{};
    EXPECT_EQ(recv(connection, question.data(), question.size(), MSG_WAITALL), 17);
    EXPECT_EQ(std::string(question.data(), 5), answer.substr(0, 5));
    for (std::size_t at = 0; at < text.size(); at += piece)
      send(connection, text.data() + at, std::min(piece, text.size() - at), MSG_NOSIGNAL);
    shutdown(connection, SHUT_WR);
    while (recv(connection, question.data(), question.size(), 0) > 0) {
    }
  };
}

void hears_until_the_end(int connection) {
  std::array<char, 64> heard{};
  while (recv(connection, heard.data(), heard.size(), 0) > 0) {
  }
}

class SelfProbeTest : public testing::Test {
 protected:
  SocketAddress at() const { return {"unix:" + path()}; }

  std::string path() const { return directory_.path() / "s"; }

  std::unique_ptr<Listener> listen(const Listener::Answer& answer_one) const {
    const test::UnixAddress where(path());
    return std::make_unique<Listener>(where.get(), where.size(), answer_one);
  }

  std::string ask(const SocketAddress& where, std::chrono::milliseconds patience = long_enough) const {
    return described(SelfProbe(where).ask(patience, stop_.get()));
  }

  test::TemporaryDirectory directory_;
  crypto::FileDescriptor stop_{eventfd(0, EFD_CLOEXEC)};
};

TEST_F(SelfProbeTest, IsAnswered) {
  const auto listener = listen(says(answer));
  EXPECT_EQ(ask(at()), "answered");
  EXPECT_EQ(ask(at()), "answered");
}

TEST_F(SelfProbeTest, AnAnswerMayComeInPieces) {
  const auto listener = listen(says(answer, 1));
  EXPECT_EQ(ask(at()), "answered");
}

TEST_F(SelfProbeTest, AnythingElseIsNoAnswer) {
  const auto listener = listen(says(std::string("\0\0\0\1r", 5) + std::string(12, '\0')));
  EXPECT_EQ(ask(at()), "not answered: the answer is not one to a negotiation");
}

TEST_F(SelfProbeTest, AClosedConnectionIsNoAnswer) {
  const auto listener = listen(says(answer.substr(0, 16)));
  EXPECT_EQ(ask(at()), "not answered: the connection was closed without an answer");
}

TEST_F(SelfProbeTest, SilenceIsNoAnswer) {
  const auto listener = listen(hears_until_the_end);
  EXPECT_EQ(ask(at(), short_time), "not answered: no answer in time");
}

TEST_F(SelfProbeTest, NobodyAccepts) {
  const auto listener = listen(nullptr);
  // The first connection fills the queue.
  EXPECT_EQ(ask(at(), short_time), "not answered: no answer in time");
  EXPECT_EQ(ask(at(), short_time), "not answered: connections are not accepted");
}

TEST_F(SelfProbeTest, StopsInTheMiddleOfAQuestion) {
  const auto listener = listen([this](int connection) {
    eventfd_write(stop_.get(), 1);
    hears_until_the_end(connection);
  });
  EXPECT_EQ(ask(at()), "stopped");
}

TEST_F(SelfProbeTest, AMissingOrDeadSocket) {
  EXPECT_EQ(ask(at()), "not answered: No such file or directory");
  listen(nullptr);
  EXPECT_EQ(ask(at()), "not answered: Connection refused");
}

TEST_F(SelfProbeTest, AnotherProcessIsNotOurselves) {
  std::array<int, 2> listens{};
  ASSERT_EQ(pipe(listens.data()), 0);
  const pid_t other = fork();
  ASSERT_GE(other, 0);
  if (other == 0) {
    const auto fd = test::bound_socket(path());
    close(listens[1]);
    pause();
    _exit(0);
  }
  close(listens[1]);
  // The child closes its end once it listens.
  pollfd closed{listens[0], POLLIN, 0};
  EXPECT_EQ(poll(&closed, 1, std::chrono::milliseconds(test::patience).count()), 1);
  close(listens[0]);
  EXPECT_EQ(ask(at()), "not answered: another process listens there");
  kill(other, SIGKILL);
  waitpid(other, nullptr, 0);
}

TEST_F(SelfProbeTest, WithoutADescriptor) {
  const auto listener = listen(says(answer));
  const SelfProbe probe(at());
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit none{3, limit.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  const auto result = described(probe.ask(long_enough, stop_.get()));
  setrlimit(RLIMIT_NOFILE, &limit);
  EXPECT_EQ(result, "not answered: Too many open files");
}

TEST_F(SelfProbeTest, ASocketThatThisUserMayNotUseIsNotAllowed) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  const auto listener = listen(says(answer));
  ASSERT_EQ(chmod(path().c_str(), 0600), 0);
  ASSERT_EQ(chmod(directory_.path().c_str(), 0755), 0);
  const SelfProbe probe(at());
  const pid_t child = fork();
  if (child == 0) {
    constexpr uid_t nobody = 65534;
    if (setuid(nobody) != 0) _exit(2);
    _exit(described(probe.ask(long_enough, stop_.get())) == "not allowed: Permission denied" ? 0 : 1);
  }
  int status = -1;
  EXPECT_TRUE(test::eventually([&] { return waitpid(child, &status, WNOHANG) == child; }));
  EXPECT_EQ(status, 0);
}

TEST_F(SelfProbeTest, AsksAWildcardAddressOnTheLoopback) {
  sockaddr_in any{};
  any.sin_family = AF_INET;
  const Listener listener(reinterpret_cast<const sockaddr*>(&any), sizeof any, says(answer));
  EXPECT_EQ(ask({"inet:" + listener.port() + "@0.0.0.0"}), "answered");
  EXPECT_EQ(ask({"inet:" + listener.port() + "@127.0.0.1"}), "answered");
  EXPECT_EQ(ask({"inet:" + listener.port() + "@localhost"}), "answered");
}

TEST_F(SelfProbeTest, AsksAWildcardAddressOfIpv6OnTheLoopback) {
  sockaddr_in6 any{};
  any.sin6_family = AF_INET6;
  const Listener listener(reinterpret_cast<const sockaddr*>(&any), sizeof any, says(answer));
  EXPECT_EQ(ask({"inet6:" + listener.port() + "@::"}), "answered");
  EXPECT_EQ(ask({"inet6:" + listener.port() + "@[::]"}), "answered");
  EXPECT_EQ(ask({"inet6:" + listener.port() + "@::1"}), "answered");
}

TEST_F(SelfProbeTest, APortWhereNobodyListens) {
  std::string port;
  {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    port = Listener(reinterpret_cast<const sockaddr*>(&any), sizeof any, nullptr).port();
  }
  EXPECT_EQ(ask({"inet:" + port + "@127.0.0.1"}), "not answered: Connection refused");
  EXPECT_EQ(ask({"inet:" + port + "@no-such-name.invalid"}), "not allowed: its address cannot be looked up");
}

}  // namespace
}  // namespace dkim::milter
