#include "crypto/file_stamp.hpp"

namespace dkim::crypto {

bool FileStamp::operator==(const FileStamp& other) const {
  const auto same = [](const timespec& a, const timespec& b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
  };
  return device == other.device && inode == other.inode && size == other.size &&
         same(modified, other.modified) && same(changed, other.changed);
}

bool FileStamp::is_settled_at(timespec read_time) const {
  // File times come from the kernel's tick, which is at most 10 ms. A tenth of a second is more than enough.
  constexpr long long margin = 100'000'000;
  const long long age = (static_cast<long long>(read_time.tv_sec) - changed.tv_sec) * 1'000'000'000 +
                        (read_time.tv_nsec - changed.tv_nsec);
  return age > margin;
}

FileStamp stamp_of(const struct stat& status) {
  return {status.st_dev, status.st_ino, status.st_size, status.st_mtim, status.st_ctim};
}

timespec file_clock_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now;
}

}  // namespace dkim::crypto
