#include "milter/in_flight.hpp"

namespace dkim::milter {

InFlight::Token::~Token() {
  if (owner_ == nullptr) return;
  const std::lock_guard lock(owner_->mutex_);
  if (--(owner_->*count_) == 0 && owner_->draining_) owner_->none_left_.notify_all();
}

std::optional<InFlight::Token> InFlight::message() {
  const std::lock_guard lock(mutex_);
  if (draining_) return std::nullopt;
  ++messages_;
  return Token(this, &InFlight::messages_);
}

InFlight::Token InFlight::reply() {
  const std::lock_guard lock(mutex_);
  ++replies_;
  return {this, &InFlight::replies_};
}

void InFlight::begin_drain() {
  const std::lock_guard lock(mutex_);
  draining_ = true;
}

bool InFlight::draining() const {
  const std::lock_guard lock(mutex_);
  return draining_;
}

bool InFlight::wait_for_messages(std::chrono::milliseconds at_most) {
  return wait_for_none(&InFlight::messages_, at_most);
}

bool InFlight::wait_for_replies(std::chrono::milliseconds at_most) {
  return wait_for_none(&InFlight::replies_, at_most);
}

bool InFlight::wait_for_none(Count count, std::chrono::milliseconds at_most) {
  std::unique_lock lock(mutex_);
  return none_left_.wait_for(lock, at_most, [&] { return this->*count == 0; });
}

}  // namespace dkim::milter
