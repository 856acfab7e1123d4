#include "milter/service_manager.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/un.h>

#include "tests/crypto/test_store.hpp"
#include "tests/milter/service_manager_socket.hpp"

namespace dkim::milter {
namespace {

class Manager : public test::ServiceManagerSocket {
 public:
  explicit Manager(const std::string& name) : ServiceManagerSocket(name) {
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;
  ~Manager() { unsetenv("NOTIFY_SOCKET"); }
};

TEST(ServiceManager, GetsADatagram) {
  const test::TemporaryDirectory directory;
  const Manager manager(directory.path() / "notify");
  notify_service_manager("READY=1");
  EXPECT_EQ(manager.received(), "READY=1");
  EXPECT_EQ(manager.received(), "nothing");
}

TEST(ServiceManager, MayListenInTheAbstractNamespace) {
  const Manager manager("@dkim-milter-test-" + std::to_string(getpid()));
  notify_service_manager("STOPPING=1");
  EXPECT_EQ(manager.received(), "STOPPING=1");
}

TEST(ServiceManager, ItsPathMayBeAsLongAsTheSystemAllows) {
  const test::TemporaryDirectory directory;
  const std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  std::string path = directory.path() / "n";
  path += std::string(longest - path.size(), 'n');
  const Manager manager(path);
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
