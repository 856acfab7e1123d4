// The key directory, made where a first key is and there is none yet.
#pragma once

#include <filesystem>

namespace dkim::keytool {

// The group that the daemon runs with: the package makes it.
constexpr const char* daemon_group = "dkimsignd";
constexpr const char* daemon_user = "dkimsignd";

// Throws StoreError if that cannot be found out.
bool key_directory_exists(const std::filesystem::path& directory);

// Makes the directory, 0750 and of the daemon's group where there is one, and says so on standard error.
// Does nothing if it is there; its parent must be. It appears with mode and group already right, so a
// process killed in here leaves nothing that the daemon could not read. Throws StoreError: it cannot be made,
// or others than root and who runs this may write its parent, or have put something in the way.
void make_missing_key_directory(const std::filesystem::path& directory);

}  // namespace dkim::keytool
