// A daemon with a key store, and messages to send to it.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include "tests/crypto/test_store.hpp"
#include "tests/milter/daemon_process.hpp"
#include "tests/milter/milter_store.hpp"
#include "tests/support/milter_client.hpp"

namespace dkim::test {

// "<NUMBER@example.com>" and a few fields; no two are alike.
Message letter(int number = 0, const std::string& domain = "example.com");

// Why the message does not leave with that many valid signatures; empty if it does.
std::string delivery_fault(const MessageResult& result, const Message& message, const PublicKeys& keys,
                           std::size_t signatures = 1);

// Connections that come and go at once, for as long as it lives, as they do at any MTA.
//
// A connection whose packet stops half-way holds a thread of libmilter, which counts a thread as idle until
// it has woken up: of two connections that become ready at such an instant the second waits until any thread
// is free again. The next newcomer brings one; without any, the second would wait for the first.
class Newcomers {
 public:
  explicit Newcomers(std::string endpoint);
  Newcomers(const Newcomers&) = delete;
  Newcomers& operator=(const Newcomers&) = delete;
  ~Newcomers();

 private:
  std::string endpoint_;
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

class DaemonTest : public testing::Test {
 protected:
  // One active Ed25519 key of example.com, selector "server".
  DaemonTest() { store_.add_key("example.com", "server"); }

  DaemonProcess& start(const std::string& settings = "", std::function<void()> prepare = {}) {
    return daemon_.emplace(directory_.path(), store_.path(),
                           DaemonProcess::Start{settings, std::move(prepare), true});
  }

  // Connected from 127.0.0.1.
  MilterClient client(const Offer& offer = {}) const;

  // Sends one message and expects it signed.
  void expect_signed(MilterClient& connection, const Message& message = letter()) const;
  void expect_service() const;

  MilterStore store_;
  TemporaryDirectory directory_;
  std::optional<DaemonProcess> daemon_;
};

}  // namespace dkim::test
