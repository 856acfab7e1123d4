// One import at a time into a configuration file.
//
// The lock is a file of our own beside it that nobody else can open: whoever may read a directory or a
// configuration file can lock it too, and keep it locked.
#pragma once

#include <filesystem>

#include "crypto/file.hpp"

namespace dkim::keytool::opendkim {

class ImportLock {
 public:
  // Waits for other imports of this user into the file. Throws StoreError, also for a lock file that another
  // user made or can open.
  explicit ImportLock(const std::filesystem::path& target);
  ImportLock(const ImportLock&) = delete;
  ImportLock& operator=(const ImportLock&) = delete;
  // Takes the lock file away.
  ~ImportLock();

 private:
  std::filesystem::path path_;
  crypto::FileDescriptor lock_;
};

}  // namespace dkim::keytool::opendkim
