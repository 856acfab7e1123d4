// Opens and reads files, with limits, and names and fills temporary ones. A directory in which files are
// written is in crypto/directory.hpp.
//
// Every failure is a StoreError that names the path.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "crypto/secret.hpp"

namespace dkim::crypto {

// Owns a descriptor and closes it.
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

// Returns true if there is nothing of that name, not even a link that leads nowhere. Returns false if that
// cannot be found out.
bool is_missing(const std::filesystem::path& path);

// Opens a regular file for reading; returns nothing if there is none. The status is that of the descriptor,
// so the file that is checked is the file that is read. Refuses devices and pipes without waiting for them.
std::optional<OpenedFile> open_regular_file(const std::filesystem::path& path);

// Reads the whole file; refuses one of more than limit bytes.
Secret read_all(const OpenedFile& file, const std::filesystem::path& path, std::size_t limit);

// Writes all of the content. path: for the error.
void write_fully(const FileDescriptor& file, std::string_view content, const std::filesystem::path& path);

// Returns ".NAME.new", the name under which NAME is made.
std::string temporary_name(std::string_view name);
// Returns the path at which a file is made before it gets its name: ".NAME.new" beside it.
std::filesystem::path temporary_path(const std::filesystem::path& path);
// Returns NAME for ".NAME.new", and nothing for a name of another form.
std::optional<std::string> name_of_temporary(std::string_view temporary);

}  // namespace dkim::crypto
