#include "keytool/system/file_access.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "keytool/output/shell_word.hpp"

namespace dkim::keytool {
namespace {

// wanted has the bits of the last octal digit of a mode: 4 to read, 2 to write, 1 to pass through a
// directory.
bool allows(const struct stat& status, const Credentials& user, unsigned wanted) {
  unsigned bits = status.st_mode & 07U;
  if (status.st_uid == user.uid) {
    bits = (status.st_mode >> 6U) & 07U;
  } else if (std::find(user.groups.begin(), user.groups.end(), status.st_gid) != user.groups.end()) {
    bits = (status.st_mode >> 3U) & 07U;
  }
  return (bits & wanted) == wanted;
}

struct Wanted {
  unsigned bits;
  const char* verb;
  const char* group_right;
};

constexpr Wanted to_read{4, "read", "g+r"};
constexpr Wanted to_write{2, "write to", "g+w"};
constexpr Wanted to_pass{1, "pass through", "g+x"};

std::optional<AccessProblem> problem_with(const std::filesystem::path& path, const Credentials& user,
                                          const Wanted& wanted) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0)
    return AccessProblem{
        fmt::format("cannot examine {}: {}", path.string(), std::generic_category().message(errno)), {}};
  if (user.uid == 0 || allows(status, user, wanted.bits)) return std::nullopt;
  const auto word = shell_word(path.string());
  return AccessProblem{
      fmt::format("user {} cannot {} {}", user.user, wanted.verb, path.string()),
      fmt::format("chgrp {} {} && chmod {} {}", shell_word(user.group), word, wanted.group_right, word)};
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

std::optional<AccessProblem> reading_obstacle(const std::filesystem::path& file, const Credentials& user) {
  std::error_code error;
  const auto path = std::filesystem::absolute(file, error);
  std::filesystem::path directory;
  for (const auto& part : path.parent_path()) {
    directory /= part;
    if (auto problem = problem_with(directory, user, to_pass)) return problem;
  }
  return problem_with(path, user, to_read);
}

std::optional<std::string> reading_problem(const std::filesystem::path& file, const Credentials& user) {
  const auto problem = reading_obstacle(file, user);
  if (!problem) return std::nullopt;
  if (problem->remedy.empty()) return problem->what;
  return fmt::format("{}; fix it with: {}", problem->what, problem->remedy);
}

std::vector<AccessProblem> connecting_obstacles(const std::filesystem::path& root,
                                                const std::filesystem::path& socket,
                                                const Credentials& user) {
  std::vector<AccessProblem> problems;
  auto path = root;
  const auto look = [&](const Wanted& wanted) {
    if (auto problem = problem_with(path, user, wanted)) problems.push_back(*std::move(problem));
  };
  look(to_pass);
  for (const auto& part : socket.relative_path().parent_path()) {
    path /= part;
    look(to_pass);
  }
  path /= socket.filename();
  look(to_write);
  return problems;
}

}  // namespace dkim::keytool
