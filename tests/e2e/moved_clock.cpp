// Gives programs the wall clock of a test, which the test turns on while they run: a library for LD_PRELOAD.
// All programs with the same file see the same time. libfaketime can do that as well, but in a program with
// threads it now and then returns the real time instead.
//
// MOVED_CLOCK names the file: 8 bytes, by how many seconds the clock is ahead, in the machine's order. Clocks
// other than the wall clock, and the times of files, are the real ones. Without the file, the program ends.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

const std::atomic<std::int64_t>* mapped() {
  const char* const path = std::getenv("MOVED_CLOCK");
  const int descriptor = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) _exit(126);
  void* const memory = mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, descriptor, 0);
  close(descriptor);
  if (memory == MAP_FAILED) _exit(126);
  return static_cast<const std::atomic<std::int64_t>*>(memory);
}

timespec now(clockid_t clock = CLOCK_REALTIME) {
  static const std::atomic<std::int64_t>* const ahead = mapped();
  timespec time{};
  syscall(SYS_clock_gettime, clock, &time);
  time.tv_sec += static_cast<time_t>(ahead->load(std::memory_order_relaxed));
  return time;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* result) noexcept {
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)
    return static_cast<int>(syscall(SYS_clock_gettime, clock, result));
  *result = now(clock);
  return 0;
}

time_t time(time_t* result) noexcept {
  const auto seconds = now().tv_sec;
  if (result != nullptr) *result = seconds;
  return seconds;
}

int gettimeofday(timeval* result, void* /*zone*/) noexcept {
  const auto time = now();
  *result = {.tv_sec = time.tv_sec, .tv_usec = time.tv_nsec / 1000};
  return 0;
}

}  // extern "C"
