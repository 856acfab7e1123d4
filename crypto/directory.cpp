#include "crypto/directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>

#include "crypto/error.hpp"
#include "crypto/file_lock.hpp"

namespace dkim::crypto {
namespace {

struct stat status_of_descriptor(const FileDescriptor& descriptor, const std::filesystem::path& path) {
  struct stat status = {};
  if (fstat(descriptor.get(), &status) != 0) throw_store_error("examine", path, errno);
  return status;
}

void refuse_distrusted(const struct stat& status, const std::filesystem::path& path, TrustedAs as) {
  if (const auto distrust = find_distrust(status, path, as)) throw UntrustedPath(*distrust);
}

[[noreturn]] void throw_not_a(std::string_view kind, const std::filesystem::path& path,
                              const std::optional<struct stat>& status) {
  const bool link = status && S_ISLNK(status->st_mode);
  throw StoreError(
      link
          ? fmt::format(
                "{} is a symbolic link, through which nothing is written; remove it, or give it another name",
                path.string())
          : fmt::format("{} is not a {}, so nothing is written there; remove it, or give it another name",
                        path.string(), kind));
}

}  // namespace

Directory Directory::open(const std::filesystem::path& path) {
  return {path, open_trusted_directory(path)};
}

Directory Directory::open_shared(const std::filesystem::path& path) {
  if (const auto distrust = find_distrust(path, TrustedAs::on_the_way)) throw UntrustedPath(*distrust);
  // Nobody else can exchange what was judged.
  FileDescriptor descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor) throw_store_error("open", path, errno);
  refuse_distrusted(status_of_descriptor(descriptor, path), path, TrustedAs::on_the_way);
  return {path, std::move(descriptor)};
}

std::optional<Directory> Directory::find(const std::string& name) const {
  const auto path = path_ / name;
  FileDescriptor descriptor(
      openat(descriptor_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!descriptor && errno == ENOENT) return std::nullopt;
  if (!descriptor && (errno == ENOTDIR || errno == ELOOP)) throw_not_a("directory", path, status_of(name));
  if (!descriptor) throw_store_error("open", path, errno);
  refuse_distrusted(status_of_descriptor(descriptor, path), path, TrustedAs::directory);
  return Directory(path, std::move(descriptor));
}

Directory Directory::make(const std::string& name) const {
  if (mkdirat(descriptor_.get(), name.c_str(), 0700) == 0) {
    sync();
  } else if (errno != EEXIST) {
    throw_store_error("make", path_ / name, errno);
  }
  auto made = find(name);
  if (!made) throw_store_error("open", path_ / name, ENOENT);
  return *std::move(made);
}

gid_t Directory::group() const {
  return status_of_descriptor(descriptor_, path_).st_gid;
}

void Directory::set_attributes(FileAttributes attributes) const {
  if (fchown(descriptor_.get(), static_cast<uid_t>(-1), attributes.group) != 0)
    throw_store_error("give its group to", path_, errno);
  if (fchmod(descriptor_.get(), attributes.mode) != 0) throw_store_error("set the mode of", path_, errno);
}

std::optional<struct stat> Directory::status_of(const std::string& name) const {
  struct stat status = {};
  if (fstatat(descriptor_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return status;
  if (errno != ENOENT) throw_store_error("examine", path_ / name, errno);
  return std::nullopt;
}

std::vector<std::string> Directory::names() const {
  // The stream owns and closes its descriptor, so it needs one of its own.
  const int own = openat(descriptor_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0) throw_store_error("list", path_, errno);
  const auto close_stream = [](DIR* stream) { closedir(stream); };
  const std::unique_ptr<DIR, decltype(close_stream)> stream(fdopendir(own), close_stream);
  if (!stream) {
    const int error = errno;
    close(own);
    throw_store_error("list", path_, error);
  }
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0) throw_store_error("list", path_, errno);
  return names;
}

std::optional<Secret> Directory::read(const std::string& name, TrustedAs as, std::size_t limit) const {
  const auto path = path_ / name;
  // O_NONBLOCK: opening a pipe must not wait for a writer.
  FileDescriptor descriptor(
      openat(descriptor_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (!descriptor && errno == ENOENT) return std::nullopt;
  if (!descriptor && (errno == ELOOP || errno == ENXIO)) throw_not_a("regular file", path, status_of(name));
  if (!descriptor) throw_store_error("open", path, errno);
  OpenedFile file{std::move(descriptor), {}};
  file.status = status_of_descriptor(file.descriptor, path);
  if (!S_ISREG(file.status.st_mode)) throw_not_a("regular file", path, file.status);
  refuse_distrusted(file.status, path, as);
  return read_all(file, path, limit);
}

void Directory::remove(const std::string& name) const {
  if (unlinkat(descriptor_.get(), name.c_str(), 0) != 0 && errno != ENOENT)
    throw_store_error("remove", path_ / name, errno);
}

void Directory::remove_empty(const std::string& name) const {
  if (unlinkat(descriptor_.get(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT && errno != ENOTEMPTY &&
      errno != EEXIST)
    throw_store_error("remove", path_ / name, errno);
}

void Directory::sync() const {
  if (fsync(descriptor_.get()) != 0) throw_store_error("write to disk", path_, errno);
}

void Directory::write_temporary(const std::string& name, std::string_view content,
                                FileAttributes attributes) const {
  const auto temporary = path_ / temporary_name(name);
  const FileDescriptor file(openat(descriptor_.get(), temporary_name(name).c_str(),
                                   O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) throw_store_error("create", temporary, errno);
  write_fully(file, content, temporary);
  if (fchown(file.get(), static_cast<uid_t>(-1), attributes.group) != 0)
    throw_store_error("give the key directory's group to", temporary, errno);
  if (fchmod(file.get(), attributes.mode) != 0) throw_store_error("set the mode of", temporary, errno);
  if (fsync(file.get()) != 0) throw_store_error("write to disk", temporary, errno);
}

void Directory::rename_temporary(const std::string& name) const {
  if (renameat(descriptor_.get(), temporary_name(name).c_str(), descriptor_.get(), name.c_str()) != 0)
    throw_store_error("put in place", path_ / name, errno);
}

void Directory::link_temporary(const std::string& name) const {
  if (linkat(descriptor_.get(), temporary_name(name).c_str(), descriptor_.get(), name.c_str(), 0) == 0)
    return;
  if (errno == EEXIST)
    throw StoreError(fmt::format("{} already exists and is left as it is", (path_ / name).string()));
  throw_store_error("put in place", path_ / name, errno);
}

void Directory::mark_for_removal(const std::string& name) const {
  if (linkat(descriptor_.get(), name.c_str(), descriptor_.get(), temporary_name(name).c_str(), 0) != 0 &&
      errno != ENOENT)
    throw_store_error("mark for removal", path_ / name, errno);
}

FileDescriptor Directory::lock(const std::string& name) const {
  const auto path = path_ / name;
  FileDescriptor file(openat(descriptor_.get(), name.c_str(),
                             O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600));
  if (!file && (errno == ELOOP || errno == EISDIR || errno == ENXIO))
    throw_not_a("regular file", path, status_of(name));
  if (!file) throw_store_error("open", path, errno);
  auto status = status_of_descriptor(file, path);
  if (!S_ISREG(status.st_mode)) throw_not_a("regular file", path, status);
  if (status.st_nlink > 1)
    throw StoreError(
        fmt::format("{} has another name as well, under which others may hold it; remove it", path.string()));
  const bool others_may_open = (status.st_mode & (S_IRWXG | S_IRWXO)) != 0;
  if (others_may_open && status.st_uid == geteuid()) {
    if (fchmod(file.get(), 0600) != 0) throw_store_error("set the mode of", path, errno);
  }
  // It does not matter who can write into it, because nothing is read from it.
  status.st_mode &= ~static_cast<mode_t>(S_IWGRP | S_IWOTH);
  refuse_distrusted(status, path, TrustedAs::file);
  lock_file(file, path);
  return file;
}

}  // namespace dkim::crypto
