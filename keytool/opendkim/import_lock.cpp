#include "keytool/opendkim/import_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "crypto/error.hpp"

namespace dkim::keytool::opendkim {
namespace {

crypto::FileDescriptor open_lock(const std::filesystem::path& path) {
  crypto::FileDescriptor lock(
      open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600));
  if (!lock) crypto::throw_store_error("write into", path.parent_path(), errno);
  struct stat status {};
  if (fstat(lock.get(), &status) != 0) crypto::throw_store_error("examine", path, errno);
  if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() || status.st_nlink > 1 ||
      (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    throw crypto::StoreError(path.string() + " is no lock of dkimkey's, which others cannot open: remove it");
  }
  return lock;
}

bool is_still_at(const crypto::FileDescriptor& lock, const std::filesystem::path& path) {
  struct stat ours {};
  struct stat there {};
  return fstat(lock.get(), &ours) == 0 && lstat(path.c_str(), &there) == 0 && ours.st_dev == there.st_dev &&
         ours.st_ino == there.st_ino;
}

crypto::FileDescriptor take_lock(const std::filesystem::path& path) {
  while (true) {
    auto lock = open_lock(path);
    while (flock(lock.get(), LOCK_EX) != 0) {
      if (errno != EINTR) crypto::throw_store_error("lock", path, errno);
    }
    // Whoever had it may have taken the file away while this waited.
    if (is_still_at(lock, path)) return lock;
  }
}

}  // namespace

ImportLock::ImportLock(const std::filesystem::path& target)
    : path_((target.has_parent_path() ? target.parent_path() : std::filesystem::path(".")) /
            ("." + target.filename().string() + ".lock")),
      lock_(take_lock(path_)) {}

ImportLock::~ImportLock() {
  unlink(path_.c_str());
}

}  // namespace dkim::keytool::opendkim
