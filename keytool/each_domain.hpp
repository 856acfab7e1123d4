// The same work for every domain of a large store: some at a time, and one that fails does not stop the
// others.
#pragma once

#include <algorithm>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <string>
#include <vector>

#include "canon/domain_name.hpp"

namespace dkim::keytool {

// Mostly waiting for name servers; more at once would look like an attack to them.
constexpr std::size_t domains_at_once = 16;

// Calls work for each domain, each in a thread, at most domains_at_once of them; hands what it gives back to
// done, or the message of what it threw to failed, one after the other and in the order of the domains.
template <typename Work, typename Done, typename Failed>
void for_each_domain(const std::vector<canon::DomainName>& domains, Work work, Done done, Failed failed) {
  using Result = decltype(work(domains.front()));
  std::deque<std::pair<const canon::DomainName*, std::future<Result>>> running;
  const auto finish_first = [&] {
    auto [domain, future] = std::move(running.front());
    running.pop_front();
    try {
      done(*domain, future.get());
    } catch (const std::exception& error) {
      failed(*domain, error.what());
    }
  };
  for (const auto& domain : domains) {
    if (running.size() == domains_at_once) finish_first();
    running.emplace_back(&domain, std::async(std::launch::async, [&work, &domain] { return work(domain); }));
  }
  while (!running.empty())
    finish_first();
}

}  // namespace dkim::keytool
