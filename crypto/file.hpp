// Files, opened and read with bounds. Writing: crypto/directory.
//
// Called by key_store and whoever else reads what a person wrote. Every failure is a StoreError that names
// the path.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "crypto/secret.hpp"

namespace dkim::crypto {

// Closes its descriptor.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&&) = delete;
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

struct OpenedFile {
  FileDescriptor descriptor;
  struct stat status;
};

// Is there nothing of that name, not even a link that leads nowhere? False where that cannot be found out.
bool is_missing(const std::filesystem::path& path);

// Opens a regular file for reading; nothing if there is none. The status is that of the descriptor: what
// is checked is what is read. Devices and pipes are refused, and not waited for.
std::optional<OpenedFile> open_regular_file(const std::filesystem::path& path);

// All octets; refuses a file of more than limit.
Secret read_all(const OpenedFile& file, const std::filesystem::path& path, std::size_t limit);

// Where a file is made before it gets its name: ".NAME.new" beside it.
std::filesystem::path temporary_path(const std::filesystem::path& path);

}  // namespace dkim::crypto
