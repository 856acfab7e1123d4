#include "milter/listen_socket.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "crypto/error.hpp"
#include "crypto/file.hpp"

namespace dkim::milter {
namespace {

std::string reason(int error) {
  return std::generic_category().message(error);
}

// Returns true if nobody listens there. Only a refused connection proves that.
bool is_stale(const std::filesystem::path& path) {
  const crypto::FileDescriptor fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) throw crypto::Error(fmt::format("cannot create a socket: {}", reason(errno)));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN)
    return false;
  if (errno == ECONNREFUSED) return true;
  throw crypto::Error(
      fmt::format("cannot tell whether the socket {} is in use: {}", path.string(), reason(errno)));
}

void remove_stale(const std::filesystem::path& path) {
  struct stat status = {};
  if (lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return;
    throw crypto::Error(fmt::format("cannot examine the socket {}: {}", path.string(), reason(errno)));
  }
  if (!S_ISSOCK(status.st_mode)) {
    throw crypto::Error(
        fmt::format("{} is there and is no socket; it is left alone: "
                    "choose another path or remove it",
                    path.string()));
  }
  if (!is_stale(path))
    throw crypto::Error(fmt::format("another process already listens on {}", path.string()));
  if (unlink(path.c_str()) != 0) {
    throw crypto::Error(fmt::format("cannot remove the stale socket {}: {}", path.string(), reason(errno)));
  }
}

struct stat directory_status(const std::filesystem::path& directory) {
  struct stat status = {};
  if (stat(directory.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    throw crypto::Error(
        fmt::format("the socket's directory {0} does not exist; "
                    "make it with: install -d -o dkimsignd -g postfix -m 2750 {0}",
                    directory.string()));
  }
  return status;
}

}  // namespace

ListenSocket::RestrictedUmask::RestrictedUmask(mode_t mode) : previous_(umask(~mode & 0777)) {}
ListenSocket::RestrictedUmask::~RestrictedUmask() {
  umask(previous_);
}

ListenSocket::ListenSocket(const SocketAddress& address, mode_t mode) : address_(address), mode_(mode) {
  if (!address_.is_unix()) return;
  directory_status(address_.path().parent_path());
  remove_stale(address_.path());
}

void ListenSocket::set_attributes() {
  const auto path = address_.path();
  struct stat status = {};
  if (lstat(path.c_str(), &status) != 0)
    throw crypto::Error(fmt::format("the socket {} is gone again", path.string()));
  device_ = status.st_dev;
  inode_ = status.st_ino;
  const gid_t group = directory_status(path.parent_path()).st_gid;
  if (status.st_gid != group && lchown(path.c_str(), static_cast<uid_t>(-1), group) != 0) {
    throw crypto::Error(
        fmt::format("cannot give the socket {} the group of its directory: {}; "
                    "set the directory's SGID bit with: chmod g+s {}",
                    path.string(), reason(errno), path.parent_path().string()));
  }
  if (chmod(path.c_str(), mode_) != 0) {
    throw crypto::Error(
        fmt::format("cannot set the mode of the socket {}: {}", path.string(), reason(errno)));
  }
}

void ListenSocket::remove() noexcept {
  if (inode_ == 0) return;
  const char* const path = address_.text.c_str() + address_.text.find(':') + 1;
  struct stat status = {};
  if (lstat(path, &status) == 0 && status.st_dev == device_ && status.st_ino == inode_) unlink(path);
}

}  // namespace dkim::milter
