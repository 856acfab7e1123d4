#include "keytool/system/stop_signals.hpp"

#include <sys/signalfd.h>

#include <cerrno>
#include <ctime>
#include <system_error>

namespace dkim::keytool {

namespace {

sigset_t signals_that_stop() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP})
    sigaddset(&signals, number);
  return signals;
}

}  // namespace

StopSignals::StopSignals()
    : signals_(signals_that_stop()), descriptor_(signalfd(-1, &signals_, SFD_CLOEXEC | SFD_NONBLOCK)) {
  if (!descriptor_) throw std::system_error(errno, std::generic_category(), "signalfd");
  const int error = pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  if (error != 0) throw std::system_error(error, std::generic_category(), "pthread_sigmask");
}

StopSignals::~StopSignals() {
  // One that came has been obeyed.
  has_come();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool StopSignals::wait(std::chrono::milliseconds at_most) {
  const auto until = std::chrono::steady_clock::now() + at_most;
  while (!has_come_) {
    auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() < 0) left = std::chrono::milliseconds(0);
    const timespec time{static_cast<decltype(timespec::tv_sec)>(left.count() / 1000),
                        static_cast<decltype(timespec::tv_nsec)>(left.count() % 1000 * 1'000'000)};
    if (sigtimedwait(&signals_, nullptr, &time) > 0) {
      has_come_ = true;
    } else if (errno != EINTR) {
      break;
    }
  }
  return has_come_;
}

}  // namespace dkim::keytool
