// Walks down a path one name at a time, and judges each directory before anything below it is looked at.
//
// The rule is in crypto/trusted_path.hpp. Each directory is opened in its parent, never by a path, and links
// are followed step by step, so nobody who is not trusted can exchange what was judged. A walk belongs to one
// thread. Throws UntrustedPath, or StoreError if something cannot be examined.
#pragma once

#include <sys/stat.h>

#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/file.hpp"

namespace dkim::crypto {

class PathWalk {
 public:
  // Starts at /; a relative path is below the working directory. closed_directories: how many of the last
  // directories are judged as TrustedAs::directory; the others are on the way.
  explicit PathWalk(const std::filesystem::path& path, std::size_t closed_directories = 0);

  // Starts at a directory that is open and has been judged. directory_path: its resolved path, for messages.
  // All directories of the path below it are judged as TrustedAs::directory. The descriptor must outlive the
  // walk.
  PathWalk(int directory, std::filesystem::path directory_path, const struct stat& status,
           const std::filesystem::path& path);

  // Goes to the last directory. last_name() is then the wanted name in it, which is not a link; it is empty
  // if the path is that of the directory itself. Returns false, with errno in error(), if the way does not
  // exist.
  bool find_last_name();

  // Enters the directory that last_name() names. Returns false, with errno in error(), if it is not a
  // directory.
  bool enter_last_name();

  int descriptor() const { return directory_ ? directory_->get() : start_; }
  const struct stat& directory_status() const { return status_; }
  const std::string& last_name() const { return last_name_; }
  // Returns the status of the entry of that name, as it was found; nothing, with errno in error(), if it
  // could not be examined.
  const std::optional<struct stat>& last_status() const { return last_status_; }
  // Returns the path that the walk has reached, links resolved.
  std::filesystem::path path() const;
  int error() const { return error_; }

 private:
  void put_first(std::string_view path);
  void start_at_root();
  void judge_directory();
  // Replaces a link by its target. Returns false if the last name is not a link.
  bool follow_link();

  std::filesystem::path asked_for_;
  std::size_t closed_directories_ = 0;
  int start_ = -1;                 // somebody else's, until a directory is entered
  std::deque<std::string> names_;  // still to enter
  std::optional<FileDescriptor> directory_;
  std::filesystem::path directory_path_;
  struct stat status_ = {};  // of the directory
  std::string last_name_;
  std::optional<struct stat> last_status_;
  int links_ = 0;
  int error_ = 0;
};

}  // namespace dkim::crypto
