// Where an import's configuration goes: a file that has no settings yet. One that has is never changed.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "crypto/file.hpp"
#include "keytool/opendkim/import_lock.hpp"

namespace dkim::keytool::opendkim {

class ConfTarget {
 public:
  // Reads what is there. A symbolic link stands for what it names. Throws StoreError.
  explicit ConfTarget(std::filesystem::path path);
  ConfTarget(const ConfTarget&) = delete;
  ConfTarget& operator=(const ConfTarget&) = delete;
  // Takes away what was staged and not committed.
  ~ConfTarget();

  // Does it hold this very text already?
  bool holds(const std::string& text) const { return content_.ends_with(text); }
  // May the text be written, or are there settings that are someone's own?
  bool is_free() const { return free_; }

  // Writes the text, behind the comments that are there, under another name: what can fail fails here. Waits
  // for other imports into this file before; throws StoreError if one has written settings meanwhile.
  void stage(const std::string& text);
  // Puts it in place, whole.
  void commit();

 private:
  std::filesystem::path directory() const;
  void read();

  std::filesystem::path path_;
  std::string content_;
  bool free_ = true;
  bool staged_ = false;
  // Of a file that is there, these are kept.
  crypto::FileAttributes attributes_;
  std::optional<ImportLock> lock_;
};

}  // namespace dkim::keytool::opendkim
