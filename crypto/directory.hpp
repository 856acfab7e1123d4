// A directory in which dkimkey writes, held open by its descriptor. Names are looked up in the directory that
// was opened and judged, links are never followed, and owner and mode are set on open files. So nothing that
// another user puts in the way or exchanges meanwhile can redirect a write.
//
// A file is made under a temporary name and gets its own name once its content is on disk: a crash leaves the
// old file or the new one. Every failure is a StoreError that names the path. What others could write is
// refused by the rule of crypto/trusted_path.hpp.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/file.hpp"
#include "crypto/trusted_path.hpp"

namespace dkim::crypto {

// The attributes of a file to be written. The group lets the daemon read it without a chown by hand.
struct FileAttributes {
  mode_t mode;
  gid_t group;  // -1: leave it
};

class Directory {
 public:
  // Refuses a directory that others can write, or can exchange on the way to it.
  static Directory open(const std::filesystem::path& path);
  // Like open(), but accepts a sticky directory that all can write, such as /tmp: nobody can exchange our
  // files there, and a file that already has one of our names is judged.
  static Directory open_shared(const std::filesystem::path& path);

  // Opens the directory of that name in this one; returns nothing if there is none. Refuses a link, anything
  // but a directory, and a directory that others own or can write.
  std::optional<Directory> find(const std::string& name) const;
  // Like find(), but makes the directory with mode 0700 if there is none, and waits until it is on disk.
  Directory make(const std::string& name) const;

  const std::filesystem::path& path() const { return path_; }
  int descriptor() const { return descriptor_.get(); }
  gid_t group() const;
  void set_attributes(FileAttributes attributes) const;

  // Returns the status of the file or link of that name; nothing if there is none.
  std::optional<struct stat> status_of(const std::string& name) const;
  bool has(const std::string& name) const { return status_of(name).has_value(); }
  std::vector<std::string> names() const;
  // Reads the regular file of that name; returns nothing if there is none. Refuses a link, a file that is not
  // trusted as this, and one of more than limit bytes.
  std::optional<Secret> read(const std::string& name, TrustedAs as, std::size_t limit) const;
  // Does nothing if the file is gone already.
  void remove(const std::string& name) const;
  // Removes the directory of that name if it is empty; leaves it otherwise.
  void remove_empty(const std::string& name) const;
  // Waits until the directory's entries are on disk.
  void sync() const;

  // Writes the temporary file for NAME and waits until its content is on disk. Refuses if the temporary file
  // already exists: the holder of the lock has to remove leftovers first.
  void write_temporary(const std::string& name, std::string_view content, FileAttributes attributes) const;
  // Renames the temporary file to its name, replacing any file that had it.
  void rename_temporary(const std::string& name) const;
  // Gives the temporary file its name in addition to the temporary one; refuses if the name is taken. As long
  // as the file has both names, it belongs to an unfinished change.
  void link_temporary(const std::string& name) const;
  // The other way round: gives the file its temporary name in addition, because it is to be removed. Does
  // nothing if there is no such file.
  void mark_for_removal(const std::string& name) const;

  // Opens the file, made with mode 0600 if there is none, and locks it. Waits up to a minute for another
  // process that holds the lock; after that, the message of the StoreError names it. Refuses a file that
  // another user owns or that has another name, and takes others' permissions away, since they could hold the
  // lock for ever. The name may belong to another file by the time this returns.
  FileDescriptor lock(const std::string& name) const;

 private:
  Directory(std::filesystem::path path, FileDescriptor descriptor)
      : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

  std::filesystem::path path_;  // for messages only
  FileDescriptor descriptor_;
};

}  // namespace dkim::crypto
