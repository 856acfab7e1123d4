#include "crypto/service_manager.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/crypto/test_store.hpp"
#include "tests/support/service_manager_socket.hpp"

namespace dkim::crypto {
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

std::string longest_path_in(const test::TemporaryDirectory& directory) {
  const std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  std::string path = directory.path() / "n";
  path += std::string(longest - path.size(), 'n');
  return path;
}

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
  const Manager manager(longest_path_in(directory));
  notify_service_manager("READY=1");
  EXPECT_EQ(manager.received(), "READY=1");
}

TEST(ServiceManager, NothingHappensWithoutOne) {
  const test::TemporaryDirectory directory;
  const Manager longest(longest_path_in(directory));
  const Manager near(directory.path() / "near");
  // One that is too long is not shortened, and one that is relative is not looked for.
  for (const std::string& path :
       {longest_path_in(directory) + "n", std::filesystem::relative(directory.path() / "near").string(),
        std::string(), std::string("/nowhere/notify"), std::string("@")}) {
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
    notify_service_manager("READY=1");
    EXPECT_EQ(longest.received() + ", " + near.received(), "nothing, nothing") << path;
  }
  unsetenv("NOTIFY_SOCKET");
  notify_service_manager("READY=1");
  EXPECT_EQ(longest.received() + ", " + near.received(), "nothing, nothing");
}

// What systemd sets for a unit with WatchdogSec.
class Watchdog {
 public:
  Watchdog(const std::string& microseconds, const std::string& process) {
    setenv("WATCHDOG_USEC", microseconds.c_str(), 1);
    if (!process.empty()) setenv("WATCHDOG_PID", process.c_str(), 1);
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog() {
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
  }
};

std::optional<std::chrono::microseconds> interval(const std::string& microseconds,
                                                  const std::string& process = "") {
  const Watchdog watchdog(microseconds, process);
  return watchdog_interval();
}

TEST(WatchdogInterval, IsWhatTheServiceManagerAsksThisProcessFor) {
  EXPECT_EQ(watchdog_interval(), std::nullopt);
  EXPECT_EQ(interval("120000000"), std::chrono::seconds(120));
  EXPECT_EQ(interval("120000000", std::to_string(getpid())), std::chrono::seconds(120));
  EXPECT_EQ(interval("120000000", std::to_string(getpid() + 1)), std::nullopt);
  EXPECT_EQ(interval("120000000", "?"), std::nullopt);
}

TEST(WatchdogInterval, IsNothingForWhatIsNoTime) {
  for (const std::string text : {"", "0", "-1", "2m", "99999999999999999999"})
    EXPECT_EQ(interval(text), std::nullopt) << text;
}

}  // namespace
}  // namespace dkim::crypto
