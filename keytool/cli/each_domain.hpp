// Does the same work for every domain of a large store, several at a time. A domain that fails does not stop
// the others: its exception becomes a message.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "canon/domain_name.hpp"

namespace dkim::keytool {

// The threads mostly wait for name servers, to which more at once would look like an attack.
constexpr std::size_t domains_at_once = 16;

// Works on the domains in their order, in at most domains_at_once threads. The thread that takes the results
// may lag behind by most_ahead domains, and no more, so that memory does not grow with the store.
template <typename Result, typename Work>
class WorkAhead {
 public:
  struct Outcome {
    std::optional<Result> result;
    std::string failure;
  };

  WorkAhead(const std::vector<canon::DomainName>& domains, Work& work) : domains_(domains), work_(work) {
    const std::size_t count = std::min(domains_at_once, domains.size());
    for (std::size_t i = 0; i < count; ++i)
      threads_.emplace_back([this] { run(); });
  }
  WorkAhead(const WorkAhead&) = delete;
  WorkAhead& operator=(const WorkAhead&) = delete;
  ~WorkAhead() {
    {
      const std::lock_guard lock(mutex_);
      next_ = domains_.size();
    }
    room_.notify_all();
    for (auto& thread : threads_)
      thread.join();
  }

  // Waits for the next outcome; returns it with those after it that are ready. Returns none after the last.
  std::vector<Outcome> take() {
    std::vector<Outcome> taken;
    std::unique_lock lock(mutex_);
    if (taken_ == domains_.size()) return taken;
    ready_.wait(lock, [this] { return slot(taken_).has_value(); });
    while (taken_ < domains_.size() && slot(taken_)) {
      taken.push_back(*std::exchange(slot(taken_), std::nullopt));
      ++taken_;
    }
    lock.unlock();
    room_.notify_all();
    return taken;
  }

 private:
  static constexpr std::size_t most_ahead = 8 * domains_at_once;

  std::optional<Outcome>& slot(std::size_t index) { return slots_[index % most_ahead]; }

  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      room_.wait(lock, [this] { return next_ == domains_.size() || next_ < taken_ + most_ahead; });
      if (next_ == domains_.size()) return;
      const std::size_t index = next_++;
      lock.unlock();
      auto outcome = outcome_of(domains_[index]);
      lock.lock();
      slot(index) = std::move(outcome);
      if (index == taken_) ready_.notify_one();
    }
  }

  Outcome outcome_of(const canon::DomainName& domain) {
    try {
      return {work_(domain), {}};
    } catch (const std::exception& error) {
      return {{}, error.what()};
    }
  }

  const std::vector<canon::DomainName>& domains_;
  Work& work_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable ready_;
  std::size_t next_ = 0;   // the next domain to begin
  std::size_t taken_ = 0;  // how many outcomes were taken
  std::vector<std::optional<Outcome>> slots_{most_ahead};
  std::vector<std::thread> threads_;
};

// Calls work for each domain, in threads, at most domains_at_once at a time. Then calls done with its result,
// or failed with the message of its exception: in this thread, one at a time, in the order of the domains.
template <typename Work, typename Done, typename Failed>
void for_each_domain(const std::vector<canon::DomainName>& domains, Work work, Done done, Failed failed) {
  WorkAhead<decltype(work(domains.front())), Work> ahead(domains, work);
  std::size_t index = 0;
  for (auto taken = ahead.take(); !taken.empty(); taken = ahead.take()) {
    for (auto& outcome : taken) {
      const auto& domain = domains[index++];
      if (outcome.result) {
        done(domain, *outcome.result);
      } else {
        failed(domain, outcome.failure);
      }
    }
  }
}

}  // namespace dkim::keytool
