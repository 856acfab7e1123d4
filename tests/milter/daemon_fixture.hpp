// A daemon with a key store, and messages to send to it.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "tests/crypto/test_store.hpp"
#include "tests/milter/daemon_process.hpp"
#include "tests/milter/milter_store.hpp"
#include "tests/support/milter_client.hpp"

namespace dkim::test {

// Returns a message with the Message-ID <NUMBER@example.com> and a few fields; no two messages are alike.
Message letter(int number = 0, const std::string& domain = "example.com");

// Returns why the message does not leave with that many valid signatures; empty if it does.
std::string delivery_fault(const MessageResult& result, const Message& message, const PublicKeys& keys,
                           std::size_t signatures = 1);

// Raises this process's limit of descriptors as far as it may. Throws std::runtime_error if it then has fewer
// than so many.
void raise_descriptor_limit(rlim_t least);

// Returns a client that has taken so many of these steps: negotiation, connect, MAIL, a From field, the end
// of the header, and a piece of the body. The last steps may still be in its buffer.
MilterClient client_after(std::size_t steps, const std::string& endpoint);

class DaemonTest : public testing::Test {
 protected:
  // Creates one active Ed25519 key of example.com, with the selector "server".
  DaemonTest() { store_.add_key("example.com", "server"); }

  // Starts the daemon and waits until it is ready; ends the previous one first.
  DaemonProcess& start(const std::string& settings = "", std::function<void()> prepare = {}) {
    return daemon_.emplace(directory_.path(), store_.path(),
                           DaemonProcess::Start{settings, std::move(prepare), true});
  }

  // Returns a client that has connected from 127.0.0.1.
  MilterClient client(const Offer& offer = {}) const;

  // Sends one message and expects it to be signed.
  void expect_signed(MilterClient& connection, const Message& message = letter()) const;
  // Does the same on a new connection.
  void expect_service() const;
  // Stops the daemon, and expects it to leave no message unfinished.
  void expect_clean_stop();

  MilterStore store_;
  TemporaryDirectory directory_;
  std::optional<DaemonProcess> daemon_;
};

}  // namespace dkim::test
