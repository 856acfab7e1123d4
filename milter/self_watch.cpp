#include "milter/self_watch.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "crypto/service_manager.hpp"

namespace dkim::milter {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using Outcome = ProbeResult::Outcome;

// An answer takes a millisecond, but a machine may be busy with everything else that starts.
constexpr milliseconds longest_answer = std::chrono::seconds(20);
constexpr milliseconds shortest_patience = std::chrono::seconds(1);

crypto::FileDescriptor made_event() {
  crypto::FileDescriptor event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) throw std::system_error(errno, std::generic_category(), "cannot watch the socket");
  return event;
}

}  // namespace

SelfWatch::SelfWatch(const SocketAddress& address, const Log& log, std::function<void()> on_failure)
    : socket_(address.text),
      probe_(address),
      log_(log),
      on_failure_(std::move(on_failure)),
      stop_(made_event()),
      thread_([this] { run(); }) {}

void SelfWatch::stop() noexcept {
  if (!thread_.joinable()) return;
  constexpr std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(stop_.get(), &one, sizeof one);
  thread_.join();
}

void SelfWatch::run() noexcept {
  try {
    if (!becomes_ready()) return;
  } catch (const std::exception&) {
    // There is no memory for one probe, so there is none for mail.
    failed_ = true;
    on_failure_();
    return;
  }
  crypto::notify_service_manager("READY=1");
  if (const auto interval = crypto::watchdog_interval()) feed_while_answered(*interval);
}

bool SelfWatch::becomes_ready() {
  const auto result = probe_.ask(longest_answer, stop_.get());
  switch (result.outcome) {
    case Outcome::not_allowed:
      report(result);
      return true;
    case Outcome::answered:
      within_reach_ = true;
      return true;
    case Outcome::not_answered:
      log_.not_ready(socket_, result.reason);
      failed_ = true;
      on_failure_();
      return false;
    case Outcome::stopped:
      return false;
  }
  return false;
}

// Probes at half of the interval, and more often while no answer comes: a shortage of memory, threads or
// descriptors may end, and that is to be noticed before the service manager gives up.
void SelfWatch::feed_while_answered(microseconds interval) noexcept {
  const auto patience =
      std::clamp(std::chrono::ceil<milliseconds>(interval / 8), shortest_patience, longest_answer);
  auto pause = interval / 2;
  while (!stopped_within(pause))
    pause = feed(patience) == Fed::yes ? interval / 2 : interval / 16;
}

SelfWatch::Fed SelfWatch::feed(milliseconds patience) noexcept {
  try {
    auto result = probe_.ask(patience, stop_.get());
    if (result.outcome == Outcome::stopped) return Fed::no;
    // A socket that has answered before and is now out of reach has changed: its mode, or its queue, which
    // fills up when nobody accepts.
    if (result.outcome == Outcome::not_allowed && within_reach_) result.outcome = Outcome::not_answered;
    if (result.outcome == Outcome::answered) within_reach_ = true;
    report(result);
    if (result.outcome == Outcome::not_answered) return Fed::no;
    crypto::notify_service_manager("WATCHDOG=1");
    return Fed::yes;
  } catch (const std::exception&) {
    return Fed::no;  // there is no memory even for the log line
  }
}

// Logs a result once, until it changes.
void SelfWatch::report(const ProbeResult& result) {
  if (result.reason == trouble_) return;
  switch (result.outcome) {
    case Outcome::not_answered:
      log_.no_answer(socket_, result.reason);
      break;
    case Outcome::not_allowed:
      log_.cannot_ask(socket_, result.reason);
      break;
    case Outcome::answered:
      log_.answers_again(socket_);
      break;
    case Outcome::stopped:
      return;
  }
  trouble_ = result.reason;
}

bool SelfWatch::stopped_within(microseconds time) const noexcept {
  const auto end = std::chrono::steady_clock::now() + time;
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now()).count();
    if (left <= 0) return false;
    pollfd wanted{stop_.get(), POLLIN, 0};
    if (::poll(&wanted, 1, static_cast<int>(left)) == 1) return true;
  }
}

}  // namespace dkim::milter
