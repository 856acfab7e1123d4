// What doctor advises with systemd and without it.
#include "keytool/doctor/host/service_manager.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "keytool/doctor/host/socket_checks.hpp"
#include "keytool/doctor/host/store_checks.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::keytool {
namespace {

using File = SocketFacts::File;
using Outcome = SocketProbe::Outcome;

TEST(ServiceManager, SystemdIsRecognizedByItsDirectory) {
  const test::TemporaryDirectory files;
  const auto sign = files.path() / "system";
  EXPECT_EQ(service_manager(sign), ServiceManager::other);
  test::write_file(sign, "");
  EXPECT_EQ(service_manager(sign), ServiceManager::other);
  std::filesystem::remove(sign);
  std::filesystem::create_directory(sign);
  EXPECT_EQ(service_manager(sign), ServiceManager::systemd);
}

// Each of these leads to an advice that depends on the service manager.
std::vector<SocketFacts> troubles() {
  SocketFacts healthy;
  healthy.socket = "unix:/q/d/s";
  healthy.path = "/q/d/s";
  healthy.file = File::socket;
  healthy.direct.outcome = Outcome::milter;
  healthy.program = "dkimsignd";
  healthy.daemon_user = "dkimsignd";
  std::vector<SocketFacts> all(5, healthy);
  all[0].file = File::no_directory;
  all[1].file = File::missing;
  all[2].direct = {Outcome::not_reachable, ECONNREFUSED, {}, {}};
  all[3].direct = {Outcome::not_reachable, EAGAIN, {}, {}};
  all[4].attempts = {{true, {Outcome::no_milter, 0, {}, {}}, {}}};
  return all;
}

bool names_systemd(const Finding& finding) {
  auto texts = finding.paste;
  texts.push_back(finding.advice);
  texts.push_back(finding.what);
  return std::any_of(texts.begin(), texts.end(), [](const auto& text) {
    return text.find("systemctl") != std::string::npos || text.find("journalctl") != std::string::npos ||
           text.find("timer") != std::string::npos;
  });
}

// A colon announces commands, and commands are announced by one.
void expect_whole(const Finding& finding) {
  EXPECT_FALSE(finding.advice.empty()) << finding.what;
  EXPECT_EQ(finding.advice.ends_with(':'), !finding.paste.empty()) << finding.advice;
}

TEST(ServiceManager, TheAdviceAboutTheSocketFits) {
  for (auto& facts : troubles()) {
    for (const auto manager : {ServiceManager::systemd, ServiceManager::other}) {
      facts.manager = manager;
      const auto finding = check_socket(facts).at(0);
      EXPECT_EQ(names_systemd(finding), manager == ServiceManager::systemd) << finding.what;
      expect_whole(finding);
    }
  }
}

TEST(ServiceManager, WithoutSystemdTheDirectoryIsMadeByACommandAndTheRestartLeftToAPerson) {
  auto facts = troubles().at(0);
  facts.manager = ServiceManager::other;
  const auto finding = check_socket(facts).at(0);
  EXPECT_EQ(finding.paste, std::vector<std::string>{"install -d -o dkimsignd -g postfix -m 2710 /q/d"});
  EXPECT_NE(finding.advice.find("restart dkimsignd"), std::string::npos);
}

TEST(ServiceManager, TheAdviceAboutRotationFits) {
  const auto domain = test::domain_name("example.com");
  const auto now = crypto::UtcTime(std::chrono::days(20'000));
  crypto::Manifest manifest;
  manifest.keys = {test::entry_of("s", test::rsa_key(), crypto::KeyState::active)};
  manifest.keys[0].bits = 2048;
  manifest.keys[0].created = manifest.keys[0].activated.emplace(now - std::chrono::days(300));
  for (const auto manager : {ServiceManager::systemd, ServiceManager::other}) {
    const auto finding = check_keys(domain, manifest, {}, now, manager).at(0);
    EXPECT_EQ(finding.topic, "rotation");
    EXPECT_EQ(names_systemd(finding), manager == ServiceManager::systemd) << finding.what;
    expect_whole(finding);
  }
}

}  // namespace
}  // namespace dkim::keytool
