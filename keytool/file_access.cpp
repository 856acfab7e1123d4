#include "keytool/file_access.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace dkim::keytool {
namespace {

// Bits as in the last octal digit of a mode: 4 to read, 1 to pass through a directory.
bool allows(const struct stat& status, const Credentials& user, unsigned wanted) {
  unsigned bits = status.st_mode & 07U;
  if (status.st_uid == user.uid) {
    bits = (status.st_mode >> 6U) & 07U;
  } else if (std::find(user.groups.begin(), user.groups.end(), status.st_gid) != user.groups.end()) {
    bits = (status.st_mode >> 3U) & 07U;
  }
  return (bits & wanted) == wanted;
}

std::optional<std::string> problem_with(const std::filesystem::path& path, const Credentials& user,
                                        unsigned wanted) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0)
    return "cannot examine " + path.string() + ": " + std::generic_category().message(errno);
  if (user.uid == 0 || allows(status, user, wanted)) return std::nullopt;
  const bool read = wanted == 4;
  return "user " + user.user + " cannot " + (read ? "read " : "pass through ") + path.string() +
         "; mend it with: chgrp " + user.group + " " + path.string() + " && chmod " +
         (read ? "g+r " : "g+x ") + path.string();
}

}  // namespace

std::optional<Credentials> credentials_of(const std::string& user) {
  const auto* entry = getpwnam(user.c_str());
  if (entry == nullptr) return std::nullopt;
  const gid_t primary = entry->pw_gid;
  Credentials credentials{user, std::to_string(primary), entry->pw_uid, {}};
  if (const auto* group = getgrgid(primary)) credentials.group = group->gr_name;
  int count = 64;
  credentials.groups.resize(static_cast<std::size_t>(count));
  if (getgrouplist(user.c_str(), primary, credentials.groups.data(), &count) < 0) {
    credentials.groups.resize(static_cast<std::size_t>(count));
    getgrouplist(user.c_str(), primary, credentials.groups.data(), &count);
  }
  credentials.groups.resize(static_cast<std::size_t>(count));
  return credentials;
}

std::optional<std::string> reading_problem(const std::filesystem::path& file, const Credentials& user) {
  std::error_code error;
  const auto path = std::filesystem::absolute(file, error);
  std::filesystem::path directory;
  for (const auto& part : path.parent_path()) {
    directory /= part;
    if (auto problem = problem_with(directory, user, 1)) return problem;
  }
  return problem_with(path, user, 4);
}

}  // namespace dkim::keytool
