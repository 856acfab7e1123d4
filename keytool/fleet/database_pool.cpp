#include "keytool/fleet/database_pool.hpp"

namespace dkim::keytool::fleet {

DatabasePool::Borrowed::~Borrowed() {
  if (!pooled_ || !pooled_->database.connection().is_open()) return;
  const std::lock_guard lock(pool_->mutex_);
  try {
    pool_->idle_.push_back(std::move(pooled_));
  } catch (const std::bad_alloc&) {  // then it is closed
  }
}

DatabasePool::Borrowed DatabasePool::borrow() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto pooled = std::move(idle_.back());
      idle_.pop_back();
      return {*this, std::move(pooled), false};
    }
  }
  return connect();
}

DatabasePool::Borrowed DatabasePool::connect() {
  return {*this, std::make_unique<Pooled>(settings_), true};
}

void DatabasePool::close_idle() {
  const std::lock_guard lock(mutex_);
  idle_.clear();
}

}  // namespace dkim::keytool::fleet
