// Where an import's configuration goes: a file that has no settings yet. One that has is never changed.
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

  // Reads what is there; to write, after waiting for another import of the same file, which is kept out as
  // long as this lives. A symbolic link stands for what it names. Throws StoreError; to write also where
  // others may write the directory, or exchange it.
  ConfTarget(std::filesystem::path path, Purpose purpose);
  ConfTarget(const ConfTarget&) = delete;
  ConfTarget& operator=(const ConfTarget&) = delete;
  // Takes away what was staged and not committed.
  ~ConfTarget();

  // Does it hold this very text already?
  bool holds(const std::string& text) const { return content_.ends_with(text); }
  // May the text be written, or are there settings that are someone's own?
  bool is_free() const { return free_; }

  // Writes the text, behind the comments that are there, under another name: what can fail fails here.
  void stage(const std::string& text);
  // Puts it in place, whole.
  void commit();

 private:
  explicit ConfTarget(std::filesystem::path target);

  std::filesystem::path path_;
  std::string name_;
  std::string content_;
  bool free_ = true;
  bool committed_ = false;
  // Of a file that is there, these are kept.
  crypto::FileAttributes attributes_;
  // To write: where the file lies, and its temporary file, locked.
  std::optional<crypto::Directory> directory_;
  std::optional<crypto::FileDescriptor> temporary_;
};

}  // namespace dkim::keytool::opendkim
