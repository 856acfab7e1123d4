#include "crypto/file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>

#include "crypto/error.hpp"

namespace dkim::crypto {
namespace {

constexpr std::string_view temporary_prefix = ".";
constexpr std::string_view temporary_suffix = ".new";

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) close(fd_);
}

bool is_missing(const std::filesystem::path& path) {
  struct stat status = {};
  return lstat(path.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

std::optional<OpenedFile> open_regular_file(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a pipe must not wait for a writer. It has no effect on regular files.
  FileDescriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  if (!fd) throw_store_error("open", path, errno);
  OpenedFile file{std::move(fd), {}};
  if (fstat(file.descriptor.get(), &file.status) != 0) throw_store_error("examine", path, errno);
  if (!S_ISREG(file.status.st_mode)) throw StoreError(fmt::format("{} is not a regular file", path.string()));
  return file;
}

Secret read_all(const OpenedFile& file, const std::filesystem::path& path, std::size_t limit) {
  const auto refuse = [&] {
    throw StoreError(fmt::format("{} is larger than the {} bytes that it may have", path.string(), limit));
  };
  const auto size = static_cast<std::uintmax_t>(file.status.st_size);
  if (size > limit) refuse();
  Secret content;
  content.resize(static_cast<std::size_t>(size) + 1);
  std::size_t length = 0;
  while (true) {
    if (length > limit) refuse();  // it has grown
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

void write_fully(const FileDescriptor& file, std::string_view content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t written = write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_store_error("write", path, errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string temporary_name(std::string_view name) {
  return fmt::format("{}{}{}", temporary_prefix, name, temporary_suffix);
}

std::filesystem::path temporary_path(const std::filesystem::path& path) {
  return path.parent_path() / temporary_name(path.filename().string());
}

std::optional<std::string> name_of_temporary(std::string_view temporary) {
  if (!temporary.starts_with(temporary_prefix)) return std::nullopt;
  temporary.remove_prefix(temporary_prefix.size());
  if (!temporary.ends_with(temporary_suffix)) return std::nullopt;
  temporary.remove_suffix(temporary_suffix.size());
  return temporary.empty() ? std::nullopt : std::optional<std::string>(temporary);
}

}  // namespace dkim::crypto
