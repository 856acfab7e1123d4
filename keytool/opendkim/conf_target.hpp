// Writes the configuration of an import into a file that has no settings yet. Never changes a file that has
// some.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "crypto/directory.hpp"

namespace dkim::keytool::opendkim {

class ConfTarget {
 public:
  enum class Purpose { look, write };

  // Reads the file, through a symbolic link. To write, first waits for any other import into the same file,
  // and keeps others out for the lifetime of the object. Throws StoreError if the file cannot be read or
  // written; to write, also if others may write or replace the directory.
  ConfTarget(std::filesystem::path path, Purpose purpose);
  ConfTarget(const ConfTarget&) = delete;
  ConfTarget& operator=(const ConfTarget&) = delete;
  // Removes what was staged but not committed.
  ~ConfTarget();

  // Returns whether the file already ends with this very text.
  bool holds(const std::string& text) const { return content_.ends_with(text); }
  // Returns whether the text may be written; false if the file has settings of somebody's own.
  bool is_free() const { return free_; }

  // Writes the text after the file's comments, under a temporary name. Whatever can fail fails here.
  void stage(const std::string& text);
  // Puts the staged file in place atomically.
  void commit();

 private:
  explicit ConfTarget(std::filesystem::path target);

  std::filesystem::path path_;
  std::string name_;
  std::string content_;
  bool free_ = true;
  bool committed_ = false;
  // An existing file keeps its attributes.
  crypto::FileAttributes attributes_;
  // Only to write: the file's directory, and its temporary file, locked.
  std::optional<crypto::Directory> directory_;
  std::optional<crypto::FileDescriptor> temporary_;
};

}  // namespace dkim::keytool::opendkim
