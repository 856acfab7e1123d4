#include "crypto/file_lock.hpp"

#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "crypto/error.hpp"

namespace dkim::crypto {
namespace {

constexpr std::chrono::milliseconds between_tries{20};

// proc(5): "1: FLOCK  ADVISORY  WRITE 4711 08:01:123456 0 EOF". Empty if /proc does not
// show it.
std::string holder_of(const FileDescriptor& file) {
  struct stat status = {};
  if (fstat(file.get(), &status) != 0) return {};
  std::array<char, 64> where{};
  std::snprintf(where.data(), where.size(), "%02x:%02x:%llu", major(status.st_dev), minor(status.st_dev),
                static_cast<unsigned long long>(status.st_ino));
  std::ifstream locks("/proc/locks");
  std::string line;
  while (std::getline(locks, line)) {
    std::istringstream words(line);
    std::string number;
    std::string kind;
    std::string advisory;
    std::string access;
    std::string process;
    std::string file_id;
    words >> number >> kind >> advisory >> access >> process >> file_id;
    if (kind == "FLOCK" && file_id == where.data()) return process;
  }
  return {};
}

}  // namespace

void lock_file(const FileDescriptor& file, const std::filesystem::path& path) {
  const auto deadline = std::chrono::steady_clock::now() + longest_wait_for_lock;
  while (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) throw_store_error("lock", path, errno);
    if (std::chrono::steady_clock::now() >= deadline) {
      const std::string holder = holder_of(file);
      throw StoreError(fmt::format(
          "cannot lock {}: {} holds it after a wait of {} s; let it end, or end it, and try again",
          path.string(), holder.empty() ? "another process" : "process " + holder,
          longest_wait_for_lock.count()));
    }
    std::this_thread::sleep_for(between_tries);
  }
}

}  // namespace dkim::crypto
