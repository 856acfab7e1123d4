// Can another user read a file? dkimkey runs as root, which can read everything; the daemon cannot.
//
// Asked by dkimkey explain. Judges by mode bits as the kernel does for a user without capabilities; access
// lists beyond them are not looked at.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace dkim::keytool {

struct Credentials {
  std::string user;
  std::string group;  // the primary one's name
  uid_t uid = 0;
  std::vector<gid_t> groups;
};

// Nothing if there is no such user.
std::optional<Credentials> credentials_of(const std::string& user);

// Why the user cannot open the file for reading: which directory on the way, or the file, shuts it out, and
// what would help. Nothing if it can.
std::optional<std::string> reading_problem(const std::filesystem::path& file, const Credentials& user);

}  // namespace dkim::keytool
