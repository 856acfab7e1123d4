#include "milter/troubles.hpp"

#include <exception>

namespace dkim::milter {
namespace {

// As long as one goes on, its next strike comes sooner than that.
constexpr std::chrono::seconds quiet{5};

}  // namespace

void Troubles::log_to(const Log& log) noexcept {
  const std::lock_guard lock(mutex_);
  log_ = &log;
}

void Troubles::note(Trouble trouble) noexcept {
  const std::lock_guard lock(mutex_);
  auto& episode = episodes_[static_cast<std::size_t>(trouble)];
  ++episode.strikes;
  some_ = true;
  episode.last = Clock::now();
  if (episode.told || log_ == nullptr) return;
  try {
    log_->trouble_begins(trouble);
    episode.told = true;
  } catch (const std::exception&) {
    // Not even the memory to say so. The next strike may have some.
  }
}

bool Troubles::look() noexcept {
  if (!some_) return false;
  const std::lock_guard lock(mutex_);
  bool one_goes_on = false;
  for (std::size_t i = 0; i < episodes_.size(); ++i) {
    auto& episode = episodes_[i];
    if (episode.strikes == 0) continue;
    if (!episode.told || Clock::now() - episode.last < quiet) {
      one_goes_on = true;
      continue;
    }
    try {
      if (log_ != nullptr) log_->trouble_is_over(static_cast<Trouble>(i), episode.strikes);
      episode = {};
    } catch (const std::exception&) {
      one_goes_on = true;
    }
  }
  some_ = one_goes_on;
  return one_goes_on;
}

// Never destroyed: threads of libmilter may use it as the process ends.
Troubles& troubles() {
  static auto* const all = new Troubles;
  return *all;
}

}  // namespace dkim::milter
