#include "keytool/keys/key_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iostream>

#include "crypto/directory.hpp"
#include "crypto/error.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

constexpr mode_t directory_mode = 0750;

gid_t group_of_daemon() {
  const auto* group = getgrnam(daemon_group);
  if (group != nullptr) return group->gr_gid;
  std::cerr << fmt::format(
      "note: there is no group {} on this host; give the key directory the group that the daemon runs with\n",
      daemon_group);
  return static_cast<gid_t>(-1);
}

// Makes the directory that is to become the key directory. A killed process may have left it, empty.
crypto::Directory make_temporary(const crypto::Directory& parent, const std::string& name) {
  auto made = parent.make(crypto::temporary_name(name));
  if (!made.names().empty()) {
    throw crypto::StoreError(fmt::format("{} is in the way of making {} and is not empty; remove it",
                                         made.path().string(), (parent.path() / name).string()));
  }
  return made;
}

void put_in_place(const crypto::Directory& parent, const std::string& name) {
  make_temporary(parent, name).set_attributes({directory_mode, group_of_daemon()});
  if (renameat2(parent.descriptor(), crypto::temporary_name(name).c_str(), parent.descriptor(), name.c_str(),
                RENAME_NOREPLACE) != 0)
    crypto::throw_store_error("make the key directory", parent.path() / name, errno);
}

// Removes only an empty directory of ours; anything else with that name stays.
void remove_temporary(const crypto::Directory& parent, const std::string& name) {
  const auto temporary = crypto::temporary_name(name);
  struct stat status = {};
  if (fstatat(parent.descriptor(), temporary.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
      S_ISDIR(status.st_mode) && status.st_uid == geteuid())
    unlinkat(parent.descriptor(), temporary.c_str(), AT_REMOVEDIR);
}

}  // namespace

bool key_directory_exists(const std::filesystem::path& directory) {
  struct stat status = {};
  if (stat(directory.c_str(), &status) == 0) return true;
  if (errno != ENOENT) crypto::throw_store_error("use the key directory", directory, errno);
  return false;
}

void make_missing_key_directory(const std::filesystem::path& path) {
  // "keys/" has an empty last part; the directory is "keys".
  const auto directory = path.has_filename() ? path : path.parent_path();
  if (key_directory_exists(directory)) return;
  const auto parent_path = directory.has_parent_path() ? directory.parent_path() : ".";
  if (!key_directory_exists(parent_path))
    crypto::throw_store_error("make the key directory", directory, ENOENT);
  const auto parent = crypto::Directory::open_shared(parent_path);
  const auto name = directory.filename().string();
  try {
    // The temporary name is fixed, and is taken over if a killed process left it: each step may be done
    // twice.
    put_in_place(parent, name);
  } catch (const crypto::StoreError&) {
    remove_temporary(parent, name);
    // Another dkimkey may have been faster and have renamed the temporary directory meanwhile.
    if (key_directory_exists(directory)) return;
    throw;
  }
  parent.sync();
  std::cerr << "made the key directory " << terminal_text(directory.string()) << '\n';
}

}  // namespace dkim::keytool
