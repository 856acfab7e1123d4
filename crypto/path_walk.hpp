// The way down a path, one name at a time, each directory judged before anything below it is looked at.
//
// Used by crypto/trusted_path alone, which has the rule. Directories are opened one in another, never by a
// path, and links are followed by hand: nobody who is not trusted can exchange what was judged. One walk is
// of one thread. Throws UntrustedPath, or StoreError where something cannot be looked at.
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
  // From / on; a relative path is below the working directory. The last directories, as many as said, are
  // judged as ones in which nothing may appear (TrustedAs::directory), all others on the way.
  explicit PathWalk(const std::filesystem::path& path, std::size_t closed_directories = 0);

  // Of a path below a directory that is open and has been judged: its resolved path, for the words, and its
  // status. All directories that the path names are closed ones. The descriptor must outlive this.
  PathWalk(int directory, std::filesystem::path directory_path, const struct stat& status,
           const std::filesystem::path& path);

  // Ends in the last directory, with the name in it that is asked for, which is no link; the name is empty if
  // the path is that of the directory itself. False with errno's reason in error() if there is no such way.
  bool find_last_name();

  // Goes into the directory that last_name() names. False with errno's reason if it is none.
  bool enter_last_name();

  int descriptor() const { return directory_ ? directory_->get() : start_; }
  const struct stat& directory_status() const { return status_; }
  const std::string& last_name() const { return last_name_; }
  // Of what has that name, as it was found; nothing, with errno's reason in error(), if it could not be
  // looked at.
  const std::optional<struct stat>& last_status() const { return last_status_; }
  // Of what the walk has come to, links resolved.
  std::filesystem::path path() const;
  int error() const { return error_; }

 private:
  void put_first(std::string_view path);
  void start_at_root();
  void judge_directory();
  // Puts where a link leads in its place. False if the last name is no link.
  bool follow_link();

  std::filesystem::path asked_for_;
  std::size_t closed_directories_ = 0;
  int start_ = -1;                 // somebody else's, until a directory is entered
  std::deque<std::string> names_;  // still to go down
  std::optional<FileDescriptor> directory_;
  std::filesystem::path directory_path_;
  struct stat status_ {};  // of the directory
  std::string last_name_;
  std::optional<struct stat> last_status_;
  int links_ = 0;
  int error_ = 0;
};

}  // namespace dkim::crypto
