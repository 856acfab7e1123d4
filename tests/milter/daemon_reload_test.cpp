// SIGUSR1: all of a new configuration or none of it.
#include "canon/line_endings.hpp"
#include "tests/milter/daemon_fixture.hpp"
#include "tests/milter/signature_check.hpp"

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

  // Expects it to be refused for that reason, and the old one to stay.
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
  EXPECT_EQ(canonicalization(), "simple/relaxed") << "nobody has asked for it yet";
  daemon_->signal(SIGUSR1);
  ASSERT_TRUE(daemon_->wait_for_log("configuration reloaded"));
  EXPECT_EQ(canonicalization(), "relaxed/simple");
  // A connection that is older than it, too.
  const Message message = letter(1);
  const auto result = old_connection.send_message(message);
  EXPECT_EQ(delivery_fault(result, message, store_.public_keys()), "");
  EXPECT_NE(result.signatures.at(0).value.find("c=relaxed/simple;"), std::string::npos);
}

TEST_F(DaemonReloadTest, AMessageKeepsTheOneOfItsMail) {
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

TEST_F(DaemonReloadTest, KeepsTheOldOneWhereTheNewHasAMistake) {
  start("canonicalization = \"simple/relaxed\";");
  expect_refused("expiration = -1;",
                 ":1: \"expiration\" is -1; it must be a whole number from 0 to 316224000");
  expect_refused("log_level = \"debug\";\nexpiration = ;", ":2: syntax error; the form is: name = value;");
  // The level is not taken from a file that is refused as a whole.
  EXPECT_EQ(daemon_->log().find("connection: leading space"), std::string::npos);
}

TEST_F(DaemonReloadTest, WhatOnlyARestartCanChangeIsRefused) {
  start("canonicalization = \"simple/relaxed\";");
  const std::string reason = ": socket, socket_mode and log can change at a restart only";
  expect_refused("canonicalization = \"relaxed/simple\"; socket_mode = \"0600\";", reason);
  expect_refused("canonicalization = \"relaxed/simple\"; log = \"syslog\";", reason);
  expect_refused(
      "canonicalization = \"relaxed/simple\"; socket = \"unix:" + directory_.path().string() + "/other\";",
      reason);
  EXPECT_FALSE(std::filesystem::exists(directory_.path() / "other"));
}

TEST_F(DaemonReloadTest, AFileThatIsGoneIsNotAnEmptyOne) {
  start("canonicalization = \"simple/relaxed\";");
  std::filesystem::remove(daemon_->config_path());
  daemon_->signal(SIGUSR1);
  EXPECT_TRUE(daemon_->wait_for_log("configuration not reloaded"));
  EXPECT_EQ(canonicalization(), "simple/relaxed");
}

TEST_F(DaemonReloadTest, TakesANewLevelOfTheLog) {
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
