#include "keytool/key_directory.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iostream>

#include "crypto/error.hpp"
#include "crypto/file.hpp"
#include "keytool/terminal_text.hpp"

namespace dkim::keytool {
namespace {

constexpr mode_t directory_mode = 0750;

void set_group_and_mode(const std::filesystem::path& directory) {
  const auto* group = getgrnam(daemon_group);
  if (group == nullptr) {
    std::cerr << "note: there is no group " << daemon_group
              << " on this host; let the key directory have the group that the daemon runs with\n";
  } else if (chown(directory.c_str(), static_cast<uid_t>(-1), group->gr_gid) != 0) {
    crypto::throw_store_error("give the group dkimsignd to", directory, errno);
  }
  if (chmod(directory.c_str(), directory_mode) != 0)
    crypto::throw_store_error("set the mode of", directory, errno);
}

}  // namespace

bool key_directory_exists(const std::filesystem::path& directory) {
  struct stat status {};
  if (stat(directory.c_str(), &status) == 0) return true;
  if (errno != ENOENT) crypto::throw_store_error("use the key directory", directory, errno);
  return false;
}

void make_missing_key_directory(const std::filesystem::path& path) {
  // "keys/" has an empty last part; the directory is "keys".
  const auto directory = path.has_filename() ? path : path.parent_path();
  if (key_directory_exists(directory)) return;
  const auto parent = directory.has_parent_path() ? directory.parent_path() : ".";
  // A fixed name, taken over if a killed process left it: what follows may be done twice.
  const auto temporary = parent / ("." + directory.filename().string() + ".new");
  if (mkdir(temporary.c_str(), 0700) != 0 && errno != EEXIST)
    crypto::throw_store_error("make the key directory", directory, errno);
  try {
    set_group_and_mode(temporary);
    if (renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, directory.c_str(), RENAME_NOREPLACE) != 0)
      crypto::throw_store_error("make the key directory", directory, errno);
  } catch (const crypto::StoreError&) {
    rmdir(temporary.c_str());
    // Another dkimkey may have been faster, and taken the temporary name away meanwhile.
    if (key_directory_exists(directory)) return;
    throw;
  }
  crypto::sync_directory(parent);
  std::cerr << "made the key directory " << terminal_text(directory.string()) << '\n';
}

}  // namespace dkim::keytool
