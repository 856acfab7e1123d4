// The same work for each of a few numbers, some at a time.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace dkim::keytool {

// Calls work(0) to work(count - 1), each once, at most so many at a time, in this thread and in others that
// have ended when this returns. Throws the first of what work throws, after all the others. Where no more
// threads can be had, those that are there do it.
template <typename Work>
void do_at_once(std::size_t count, std::size_t most, Work work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto take_turns = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
      }
    }
  };
  std::vector<std::thread> threads;
  try {
    while (threads.size() + 1 < std::min(count, most))
      threads.emplace_back(take_turns);
  } catch (const std::system_error&) {
  }
  take_turns();
  for (auto& thread : threads)
    thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace dkim::keytool
