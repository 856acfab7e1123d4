// A directory that dkimkey writes in, by its descriptor: names are looked up in what was opened and judged,
// links are never followed, and owner and mode are given to what is open. So nothing that another user puts
// in the way, or exchanges meanwhile, leads anywhere else.
//
// Used by domain_transaction for the key store, and by dkimkey for the key directory itself and for the
// configuration that an import writes. A file is made under a temporary name and gets its own once its
// content is on disk: a crash leaves the old or the new. Every failure is a StoreError that names the path;
// what others could write is refused as crypto/trusted_path has it.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/file.hpp"

namespace dkim::crypto {

// What a written file is to have. The group is set so that the daemon reads it without a chown by hand.
struct FileAttributes {
  mode_t mode;
  gid_t group;  // -1: as it is
};

class Directory {
 public:
  // Refuses one that others may write, or may exchange on the way to it.
  static Directory open(const std::filesystem::path& path);
  // The same, but one that all may write is taken if it is sticky, as /tmp is: nobody can exchange there what
  // is ours, and what lies under our names is looked at.
  static Directory open_shared(const std::filesystem::path& path);

  // The directory of that name in this one; nothing if there is none. Refuses a link, what is no directory,
  // and what others own or may write.
  std::optional<Directory> find(const std::string& name) const;
  // The same, made with mode 0700 where there is none, and then on disk.
  Directory make(const std::string& name) const;

  const std::filesystem::path& path() const { return path_; }
  int descriptor() const { return descriptor_.get(); }
  gid_t group() const;
  void set_attributes(FileAttributes attributes) const;

  // What the name stands for, links not followed; nothing if there is none.
  std::optional<struct stat> status_of(const std::string& name) const;
  bool has(const std::string& name) const { return status_of(name).has_value(); }
  std::vector<std::string> names() const;
  // Does nothing if it is gone already.
  void remove(const std::string& name) const;
  // The directory's entries are on disk when this returns.
  void sync() const;

  // Writes NAME's temporary file, its content on disk when this returns. Refuses if it already exists:
  // whoever holds the lock has removed leftovers before.
  void write_temporary(const std::string& name, std::string_view content, FileAttributes attributes) const;
  // Gives the temporary file its name in place of whatever had it.
  void rename_temporary(const std::string& name) const;
  // Gives the temporary file its name beside the temporary one; refuses if the name is taken. The second name
  // is proof, until it is removed, that the file is of an unfinished change.
  void link_temporary(const std::string& name) const;

  // Opens the file, made with mode 0600 where there is none, and locks it; waits a minute for another process
  // that has it, which the message of the StoreError then names. Refuses what another user owns or knows by
  // another name, and shuts others out of it, who could hold the lock for ever. The name may have gone to
  // another file by then.
  FileDescriptor lock(const std::string& name) const;

 private:
  Directory(std::filesystem::path path, FileDescriptor descriptor)
      : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

  std::filesystem::path path_;  // for the words alone
  FileDescriptor descriptor_;
};

// ".NAME.new", under which NAME is made beside it.
std::string temporary_name(std::string_view name);

void write_fully(const FileDescriptor& file, std::string_view content, const std::filesystem::path& path);

}  // namespace dkim::crypto
