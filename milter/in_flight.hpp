// Counts the messages that are being worked on, so that the daemon stops only between messages.
//
// Shared by all sessions; outlives them. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

namespace dkim::milter {

class InFlight {
 public:
  // Counts for as long as it lives.
  class Token {
   public:
    Token(Token&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), count_(other.count_) {}
    Token(const Token&) = delete;
    Token& operator=(const Token&) = delete;
    Token& operator=(Token&&) = delete;
    ~Token();

   private:
    friend class InFlight;
    Token(InFlight* owner, std::size_t InFlight::*count) : owner_(owner), count_(count) {}
    InFlight* owner_;
    std::size_t InFlight::*count_;
  };

  // A message from MAIL to its end; none if new ones are to be put off. One step: a message that is let in is
  // one that the drain waits for.
  std::optional<Token> message();
  // A verdict that may still be on its way to the MTA: from a message's end to the connection's next event.
  Token reply();

  // From now on new messages are to be put off.
  void begin_drain();
  bool draining() const;

  // Waits until no message is left, then until no reply is; false where the time did not suffice.
  bool wait_for_messages(std::chrono::milliseconds at_most);
  bool wait_for_replies(std::chrono::milliseconds at_most);

 private:
  bool wait_for_none(std::size_t InFlight::*count, std::chrono::milliseconds at_most);

  mutable std::mutex mutex_;
  std::condition_variable none_left_;
  std::size_t messages_ = 0;
  std::size_t replies_ = 0;
  bool draining_ = false;
};

}  // namespace dkim::milter
