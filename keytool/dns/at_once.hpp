// Runs one piece of work for each of a few numbers, several at a time. Passes on what the work throws.
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

// Calls work(0) to work(count - 1) once each, at most `most` at a time, in this thread and in others, which
// have ended when this returns. If calls throw, rethrows the first exception after all calls have been made.
// If the system gives no more threads, the existing ones do all the work.
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
