#include "crypto/file.hpp"

#include <unistd.h>

#include <cerrno>
#include <string>

#include "crypto/error.hpp"

namespace dkim::crypto {
namespace {

void write_fully(int fd, std::string_view content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_store_error("write", path, errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) close(fd_);
}

bool is_missing(const std::filesystem::path& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

std::optional<OpenedFile> open_regular_file(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a pipe must not wait for a writer. It means nothing for regular files.
  FileDescriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  if (!fd) throw_store_error("open", path, errno);
  OpenedFile file{std::move(fd), {}};
  if (fstat(file.descriptor.get(), &file.status) != 0) throw_store_error("examine", path, errno);
  if (!S_ISREG(file.status.st_mode)) throw StoreError(path.string() + " is not a regular file");
  return file;
}

Secret read_all(const OpenedFile& file, const std::filesystem::path& path, std::size_t limit) {
  Secret content;
  content.resize(static_cast<std::size_t>(file.status.st_size) < limit
                     ? static_cast<std::size_t>(file.status.st_size) + 1
                     : limit + 1);
  std::size_t length = 0;
  while (true) {
    if (length > limit) {
      throw StoreError(path.string() + " is larger than the " + std::to_string(limit) +
                       " octets it may have");
    }
    if (length == content.size()) content.resize(limit + 1);
    const ssize_t got = read(file.descriptor.get(), content.data() + length, content.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_store_error("read", path, errno);
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  content.resize(length);
  return content;
}

std::filesystem::path temporary_path(const std::filesystem::path& path) {
  return path.parent_path() / ("." + path.filename().string() + ".new");
}

void write_temporary(const std::filesystem::path& path, std::string_view content, FileAttributes attributes) {
  const auto temporary = temporary_path(path);
  const FileDescriptor fd(
      open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) throw_store_error("create", temporary, errno);
  write_fully(fd.get(), content, temporary);
  if (fchown(fd.get(), static_cast<uid_t>(-1), attributes.group) != 0) {
    throw_store_error("give the key directory's group to", temporary, errno);
  }
  if (fchmod(fd.get(), attributes.mode) != 0) throw_store_error("set the mode of", temporary, errno);
  if (fsync(fd.get()) != 0) throw_store_error("write to disk", temporary, errno);
}

void rename_temporary(const std::filesystem::path& path) {
  if (rename(temporary_path(path).c_str(), path.c_str()) != 0) throw_store_error("put in place", path, errno);
}

void link_temporary(const std::filesystem::path& path) {
  if (link(temporary_path(path).c_str(), path.c_str()) == 0) return;
  if (errno == EEXIST) throw StoreError(path.string() + " already exists and is left as it is");
  throw_store_error("put in place", path, errno);
}

void sync_directory(const std::filesystem::path& directory) {
  const FileDescriptor fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) throw_store_error("open", directory, errno);
  if (fsync(fd.get()) != 0) throw_store_error("write to disk", directory, errno);
}

}  // namespace dkim::crypto
