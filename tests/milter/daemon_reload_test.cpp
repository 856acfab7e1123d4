// At SIGUSR1, the daemon takes over all of a new configuration, or none of it.
#include <sys/stat.h>

#include "canon/line_endings.hpp"
#include "tests/milter/daemon_fixture.hpp"
#include "tests/support/signature_check.hpp"

namespace dkim::test {
namespace {

class DaemonReloadTest : public DaemonTest {
 protected:
  std::string canonicalization() const {
    auto connection = client();
    const auto result = connection.send_message(letter());
    if (result.signatures.empty()) return "not signed";
    return signature_tag({"DKIM-Signature", canon::to_crlf(result.signatures[0].value)}, "c");
  }

  // Expects the new configuration to be refused for that reason, and the old one to stay in effect.
  void expect_refused(const std::string& settings, const std::string& reason) {
    daemon_->write_config(settings);
    daemon_->signal(SIGUSR1);
    EXPECT_TRUE(daemon_->wait_for_log("error: configuration not reloaded, the old one stays in effect: " +
                                      daemon_->config_path().string() + reason + "\n"))
        << daemon_->log();
    EXPECT_EQ(canonicalization(), "simple/relaxed");
    EXPECT_EQ(daemon_->log().find("configuration reloaded"), std::string::npos);
  }
};

TEST_F(DaemonReloadTest, TakesANewConfiguration) {
  start("canonicalization = \"simple/relaxed\";");
  EXPECT_EQ(canonicalization(), "simple/relaxed");
  auto old_connection = client();
  daemon_->write_config("canonicalization = \"relaxed/simple\";");
  EXPECT_EQ(canonicalization(), "simple/relaxed") << "nobody has asked for a reload yet";
  daemon_->signal(SIGUSR1);
  ASSERT_TRUE(daemon_->wait_for_log("configuration reloaded"));
  EXPECT_EQ(canonicalization(), "relaxed/simple");
  // It applies to older connections, too.
  const Message message = letter(1);
  const auto result = old_connection.send_message(message);
  EXPECT_EQ(delivery_fault(result, message, store_.public_keys()), "");
  EXPECT_NE(result.signatures.at(0).value.find("c=relaxed/simple;"), std::string::npos);
}

TEST_F(DaemonReloadTest, AMessageKeepsTheConfigurationOfItsMail) {
  start("canonicalization = \"simple/relaxed\";");
  auto connection = client();
  const Message message = letter();
  EXPECT_EQ(connection.mail(message.sender).verdict, Verdict::proceed);
  daemon_->write_config("canonicalization = \"relaxed/simple\";");
  daemon_->signal(SIGUSR1);
  ASSERT_TRUE(daemon_->wait_for_log("configuration reloaded"));
  for (const auto& field : message.fields)
    connection.header(field.name, field.value);
  EXPECT_EQ(connection.end_of_header().verdict, Verdict::proceed);
  connection.body(message.body);
  const auto reply = connection.end_of_message();
  ASSERT_EQ(reply.edits.size(), 1U);
  EXPECT_NE(reply.edits[0].value.find("c=simple/relaxed;"), std::string::npos);
}

TEST_F(DaemonReloadTest, KeepsTheOldConfigurationIfTheNewOneHasAMistake) {
  start("canonicalization = \"simple/relaxed\";");
  expect_refused("expiration = -1;",
                 ":1: \"expiration\" is -1; it must be a whole number from 0 to 316224000");
  expect_refused("log_level = \"debug\";\nexpiration = ;", ":2: syntax error; the form is: name = value;");
  // The level is not taken from a file that is refused as a whole.
  EXPECT_EQ(daemon_->log().find("connection: leading space"), std::string::npos);
}

TEST_F(DaemonReloadTest, RefusesChangesThatNeedARestart) {
  start("canonicalization = \"simple/relaxed\";");
  const std::string reason = ": socket, socket_mode and log can change at a restart only";
  expect_refused("canonicalization = \"relaxed/simple\"; socket_mode = \"0600\";", reason);
  expect_refused("canonicalization = \"relaxed/simple\"; log = \"syslog\";", reason);
  expect_refused(
      "canonicalization = \"relaxed/simple\"; socket = \"unix:" + directory_.path().string() + "/other\";",
      reason);
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "other"));
}

TEST_F(DaemonReloadTest, AMissingFileDoesNotMeanTheDefaults) {
  start("canonicalization = \"simple/relaxed\";");
  std::filesystem::remove(daemon_->config_path());
  daemon_->signal(SIGUSR1);
  EXPECT_TRUE(daemon_->wait_for_log("configuration not reloaded"));
  EXPECT_EQ(canonicalization(), "simple/relaxed");
}

// libconfig would end the process at the first of these files, and wait or read forever at others.
TEST_F(DaemonReloadTest, KeepsTheOldConfigurationWhateverIsIncluded) {
  start("canonicalization = \"simple/relaxed\";");
  const auto included = [&](std::string_view name) { return (directory_.path() / name).string(); };
  const auto no_file = [&](std::string_view name) {
    return ":1: cannot include this: " + included(name) + " is not a regular file";
  };
  std::filesystem::create_directory(included("directory"));
  expect_refused("@include \"directory\"", no_file("directory"));
  ASSERT_EQ(mkfifo(included("pipe").c_str(), 0600), 0);
  expect_refused("@include \"pipe\"", no_file("pipe"));
  std::filesystem::create_symlink("/dev/zero", included("device"));
  expect_refused("@include \"device\"", no_file("device"));
  expect_refused("@include \"none\"",
                 ":1: cannot include " + included("none") + ": there is no such file; check the name");
  expect_refused("\n@include \"dkimsignd.conf\"",
                 ":2: " + included("dkimsignd.conf") + " would include itself; leave out this line");
  write_file(included("open"), "", 0646);
  expect_refused(
      "@include \"open\"",
      ":1: cannot include this: " + included("open") +
          " has mode 0646: users other than its owner can write it, and so decide what is signed; fix "
          "it with: chmod o-w " +
          included("open"));
  // The last one is correct.
  write_file(included("good"), "canonicalization = \"relaxed/simple\";", 0640);
  daemon_->write_config("@include \"" + included("good") + "\"\n");
  daemon_->signal(SIGUSR1);
  ASSERT_TRUE(daemon_->wait_for_log("configuration reloaded"));
  EXPECT_EQ(canonicalization(), "relaxed/simple");
}

TEST_F(DaemonReloadTest, KeepsTheOldConfigurationWhateverIsInItsPlace) {
  start("canonicalization = \"simple/relaxed\";");
  const auto path = daemon_->config_path();
  int refusals = 0;
  const auto expect_refused_now = [&](const char* what) {
    daemon_->signal(SIGUSR1);
    EXPECT_TRUE(daemon_->wait_for_log("configuration not reloaded", ++refusals)) << what;
    EXPECT_EQ(canonicalization(), "simple/relaxed") << what;
    std::filesystem::remove(path);
  };
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  expect_refused_now("a directory");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  expect_refused_now("a pipe");
  std::filesystem::create_symlink("/dev/zero", path);
  expect_refused_now("a device");
  std::filesystem::create_symlink("nowhere", path);
  expect_refused_now("a link that leads nowhere");
  write_file(path, std::string(2 << 20, '\n'), 0640);
  expect_refused_now("too large");
  write_file(path, "x = " + std::string(1'000'000, '('), 0640);
  expect_refused_now("too deep");
  write_file(path, std::string(1'000'000, 'x'), 0640);
  expect_refused_now("one long word");
  write_file(path, "expiration = 5;", 0646);
  expect_refused_now("a file that others may write");
}

TEST_F(DaemonReloadTest, TakesANewLogLevel) {
  start("log_level = \"error\";");
  expect_service();
  EXPECT_EQ(daemon_->log().find("signed d="), std::string::npos);
  daemon_->write_config("log_level = \"debug\";");
  daemon_->signal(SIGUSR1);
  ASSERT_TRUE(daemon_->wait_for_log("configuration reloaded"));
  expect_service();
  EXPECT_TRUE(daemon_->wait_for_log("signed d="));
  EXPECT_TRUE(daemon_->wait_for_log("connection: leading space kept"));
}

TEST_F(DaemonReloadTest, SighupDoesNothing) {
  start();
  for (int i = 0; i < 20; ++i) {
    daemon_->signal(SIGHUP);
    expect_service();
  }
  EXPECT_TRUE(daemon_->is_running());
}

}  // namespace
}  // namespace dkim::test
