// Makes the key directory for a first key.
#pragma once

#include <filesystem>

namespace dkim::keytool {

// The daemon's group and user, which the package creates.
constexpr const char* daemon_group = "dkimsignd";
constexpr const char* daemon_user = "dkimsignd";

// Throws StoreError if this cannot be determined.
bool key_directory_exists(const std::filesystem::path& directory);

// Makes the directory with mode 0750 and the daemon's group, if that exists, and says so on standard error.
// Does nothing if the directory exists already; its parent must exist. The directory appears with its mode
// and group set, so a process that is killed here leaves nothing that the daemon could not read. Throws
// StoreError if the directory cannot be made, if users other than root and the current one may write its
// parent, or if something is in the way.
void make_missing_key_directory(const std::filesystem::path& path);

}  // namespace dkim::keytool
