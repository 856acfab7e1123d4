#include "milter/service_manager.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstring>

#include "crypto/file.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::milter {
namespace {

// The service manager's end; a name that begins with @ is in the abstract namespace.
class Manager {
 public:
  explicit Manager(const std::string& name) : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.front() == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), size), 0) << std::strerror(errno);
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;
  ~Manager() { unsetenv("NOTIFY_SOCKET"); }

  std::string received() {
    std::array<char, 64> buffer{};
    const ssize_t size = recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(buffer.data(), static_cast<std::size_t>(size));
  }

 private:
  crypto::FileDescriptor fd_;
};

TEST(ServiceManager, IsToldByADatagram) {
  const test::TemporaryDirectory directory;
  Manager manager(directory.path() / "notify");
  notify_service_manager("READY=1");
  EXPECT_EQ(manager.received(), "READY=1");
  EXPECT_EQ(manager.received(), "nothing");
}

TEST(ServiceManager, MayListenInTheAbstractNamespace) {
  Manager manager("@dkim-milter-test-" + std::to_string(getpid()));
  notify_service_manager("STOPPING=1");
  EXPECT_EQ(manager.received(), "STOPPING=1");
}

TEST(ServiceManager, ItsPathMayBeAsLongAsTheSystemAllows) {
  const test::TemporaryDirectory directory;
  const std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  std::string path = directory.path() / "n";
  path += std::string(longest - path.size(), 'n');
  Manager manager(path);
  notify_service_manager("READY=1");
  EXPECT_EQ(manager.received(), "READY=1");
}

TEST(ServiceManager, NothingHappensWithoutOne) {
  unsetenv("NOTIFY_SOCKET");
  notify_service_manager("READY=1");
  for (const std::string& path : {std::string(), std::string("relative"), std::string("/nowhere/notify"),
                                  "/" + std::string(sizeof(sockaddr_un::sun_path), 'x'), std::string("@")}) {
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
    notify_service_manager("READY=1");
  }
  unsetenv("NOTIFY_SOCKET");
}

}  // namespace
}  // namespace dkim::milter
