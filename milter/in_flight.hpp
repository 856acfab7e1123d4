// Counts the messages in flight, so that the daemon stops only between messages.
//
// Shared by all sessions and outlives them. Thread-safe; nothing here throws.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

namespace dkim::milter {

class InFlight {
  using Count = std::size_t InFlight::*;

 public:
  // Counts as one message, or as one reply, as long as it lives.
  class Token {
   public:
    Token(Token&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), count_(other.count_) {}
    Token(const Token&) = delete;
    Token& operator=(const Token&) = delete;
    Token& operator=(Token&&) = delete;
    ~Token();

   private:
    friend class InFlight;
    Token(InFlight* owner, Count count) : owner_(owner), count_(count) {}
    InFlight* owner_;
    Count count_;
  };

  // Returns a token for a message, from MAIL to its end; nothing if new messages are to be deferred. Asking
  // and counting are one step, so that wait_for_messages() waits for every message that was let in.
  std::optional<Token> message();
  // Returns a token for a verdict that may still be on its way to the MTA: from the end of a message to the
  // next event of the connection.
  Token reply();

  // From now on, message() returns nothing, and new messages are deferred.
  void begin_drain();
  bool draining() const;

  // Wait until no message, or no reply, is left. Return false if that takes longer than at_most.
  bool wait_for_messages(std::chrono::milliseconds at_most);
  bool wait_for_replies(std::chrono::milliseconds at_most);

 private:
  bool wait_for_none(Count count, std::chrono::milliseconds at_most);

  mutable std::mutex mutex_;
  std::condition_variable none_left_;
  std::size_t messages_ = 0;
  std::size_t replies_ = 0;
  bool draining_ = false;
};

}  // namespace dkim::milter
