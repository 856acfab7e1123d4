#include "milter/troubles.hpp"

#include <exception>

namespace dkim::milter {
namespace {

// While a trouble goes on, it affects the next connection sooner than that.
constexpr std::chrono::seconds quiet{5};

}  // namespace

void Troubles::log_to(const Log& log) noexcept {
  const std::lock_guard lock(mutex_);
  log_ = &log;
}

void Troubles::note(Trouble trouble) noexcept {
  const std::lock_guard lock(mutex_);
  auto& episode = episodes_[static_cast<std::size_t>(trouble)];
  ++episode.connections;
  some_ = true;
  episode.last = Clock::now();
  if (episode.logged || log_ == nullptr) return;
  try {
    log_->trouble_begins(trouble);
    episode.logged = true;
  } catch (const std::exception&) {
    // There is no memory even for the log line. There may be some next time.
  }
}

bool Troubles::look() noexcept {
  if (!some_) return false;
  const std::lock_guard lock(mutex_);
  bool one_goes_on = false;
  for (std::size_t i = 0; i < episodes_.size(); ++i) {
    auto& episode = episodes_[i];
    if (episode.connections == 0) continue;
    if (!episode.logged || Clock::now() - episode.last < quiet) {
      one_goes_on = true;
      continue;
    }
    try {
      if (log_ != nullptr) log_->trouble_is_over(static_cast<Trouble>(i), episode.connections);
      episode = {};
    } catch (const std::exception&) {
      one_goes_on = true;
    }
  }
  some_ = one_goes_on;
  return one_goes_on;
}

// Never destroyed: threads of libmilter may use it while the process ends.
Troubles& troubles() {
  static auto* const all = new Troubles;
  return *all;
}

}  // namespace dkim::milter
