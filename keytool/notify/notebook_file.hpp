// The notebook's file, .notify in the key directory: beside the store, because all that dkimkey may write in
// its unit is there. A dot begins no domain, so the store ignores it.
//
// One writer at a time, by a lock. The file is replaced whole, so whoever is killed leaves the old one or the
// new one.
#pragma once

#include <filesystem>
#include <string>

#include "crypto/directory.hpp"
#include "crypto/file.hpp"
#include "keytool/notify/notebook.hpp"

namespace dkim::keytool {

struct StoredNotebook {
  Notebook notebook;
  // Why the file counts as empty, although it is there; otherwise empty.
  std::string damage = {};
};

// Reads the file without a lock. A missing file is an empty notebook, and so is a damaged one. Throws
// crypto::StoreError (crypto::UntrustedPath included), or LaterNotebook for a file of a later dkimkey.
StoredNotebook read_notebook(const std::filesystem::path& key_directory);

// Holds the lock as long as it lives.
class LockedNotebook {
 public:
  // Waits up to a minute for another process, then throws crypto::StoreError.
  explicit LockedNotebook(const std::filesystem::path& key_directory);

  // As read_notebook().
  StoredNotebook read() const;
  // Writes the new file under a temporary name, and waits until it is on disk: whether there is room is known
  // before mail is sent. Throws crypto::StoreError.
  void stage(const Notebook& notebook) const;
  // Puts what was staged into place. Throws crypto::StoreError.
  void commit() const;
  // Removes what was staged.
  void discard() const;

 private:
  std::filesystem::path key_directory_;
  crypto::Directory directory_;
  crypto::FileDescriptor lock_;
};

}  // namespace dkim::keytool
