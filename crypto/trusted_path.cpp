#include "crypto/trusted_path.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/path_walk.hpp"
#include "crypto/shell_word.hpp"

namespace dkim::crypto {
namespace {

bool is_trusted_owner(const struct stat& status) {
  return status.st_uid == 0 || status.st_uid == geteuid();
}

// Returns true for the group of the user's own name with nobody else in it, the test by which pam_umask(8)
// gives a umask of 002. Called only for files that the group can write, so the usual case needs no look-up.
bool is_private_group_of(uid_t user, gid_t group) {
  std::vector<char> user_text(16 << 10);
  std::vector<char> group_text(64 << 10);
  passwd user_entry{};
  struct group group_entry = {};
  passwd* found_user = nullptr;
  struct group* found_group = nullptr;
  if (getpwuid_r(user, &user_entry, user_text.data(), user_text.size(), &found_user) != 0 ||
      found_user == nullptr || found_user->pw_gid != group) {
    return false;
  }
  if (getgrgid_r(group, &group_entry, group_text.data(), group_text.size(), &found_group) != 0 ||
      found_group == nullptr || std::string_view(found_group->gr_name) != found_user->pw_name) {
    return false;
  }
  for (char** member = found_group->gr_mem; *member != nullptr; ++member) {
    if (std::string_view(*member) != found_user->pw_name) return false;
  }
  return true;
}

bool is_writable_by_others(const struct stat& status) {
  if ((status.st_mode & S_IWOTH) != 0) return true;
  if ((status.st_mode & S_IWGRP) == 0) return false;
  // root has no private group: there is no convention on who is in root's group.
  return status.st_uid == 0 || !is_private_group_of(status.st_uid, status.st_gid);
}

Distrust foreign_owner(const struct stat& status, const std::filesystem::path& path, TrustedAs as) {
  const uid_t runner = geteuid();
  const std::string or_to_runner = runner == 0 ? "" : fmt::format(" or to user {}, who runs this", runner);
  std::string what =
      fmt::format("{} belongs to user {}; it must belong to root{}, since its owner decides what is signed",
                  path.string(), status.st_uid, or_to_runner);
  std::string command = S_ISLNK(status.st_mode) ? "chown -h root " : "chown root ";
  // Its content is ours and was usually given to the same user.
  if (as == TrustedAs::directory) command = "chown -R root ";
  return {path, std::move(what), command + shell_word(path.string())};
}

Distrust open_to_others(const struct stat& status, const std::filesystem::path& path) {
  std::string who;
  if ((status.st_mode & S_IWGRP) != 0) who += 'g';
  if ((status.st_mode & S_IWOTH) != 0) who += 'o';
  std::string what =
      fmt::format("{} has mode {:04o}: users other than its owner can write it, and so decide what is signed",
                  path.string(), status.st_mode & 07777);
  return {path, std::move(what), fmt::format("chmod {}-w {}", who, shell_word(path.string()))};
}

// Judges a file that only its owner and its group may read, and only its owner may write.
std::optional<Distrust> open_secret(const struct stat& status, const std::filesystem::path& path,
                                    std::string_view rule) {
  constexpr mode_t too_open = S_IRWXO | S_IWGRP;
  if ((status.st_mode & too_open) == 0) return std::nullopt;
  const mode_t right = status.st_mode & static_cast<mode_t>(~(too_open | S_IXGRP | S_IXUSR));
  std::string what = fmt::format("{} has mode {:04o}: {}", path.string(), status.st_mode & 07777, rule);
  return Distrust{path, std::move(what),
                  fmt::format("chmod {:04o} {}", right & 07777, shell_word(path.string()))};
}

struct stat examine(const PathWalk& walk) {
  struct stat status = {};
  if (fstatat(walk.descriptor(), walk.last_name().c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
    throw_store_error("examine", walk.path(), errno);
  return status;
}

// Judges what the walk has reached.
void judge(const struct stat& status, const std::filesystem::path& path, TrustedAs as) {
  if (const auto distrust = find_distrust(status, path, as)) throw UntrustedPath(*distrust);
}

[[noreturn]] void throw_no_file(const std::filesystem::path& path) {
  throw StoreError(fmt::format("{} is not a regular file", path.string()));
}

void judge_file(const struct stat& status, const std::filesystem::path& path, TrustedAs as) {
  if (!S_ISREG(status.st_mode)) throw_no_file(path);
  judge(status, path, as);
}

}  // namespace

std::string to_string(const Distrust& distrust) {
  return fmt::format("{}; fix it with: {}", distrust.what, distrust.remedy);
}

std::optional<Distrust> find_distrust(const struct stat& status, const std::filesystem::path& path,
                                      TrustedAs as) {
  if (!is_trusted_owner(status)) return foreign_owner(status, path, as);
  switch (as) {
    case TrustedAs::private_key:
      return open_secret(status, path, "a private key must not be open to others, nor writable by its group");
    case TrustedAs::shared_secret:
      return open_secret(status, path, "a secret must not be open to others, nor writable by its group");
    case TrustedAs::link:
      return std::nullopt;
    case TrustedAs::on_the_way:
      if ((status.st_mode & S_ISVTX) != 0) return std::nullopt;
      break;
    case TrustedAs::directory:
    case TrustedAs::file:
      break;
  }
  if (is_writable_by_others(status)) return open_to_others(status, path);
  return std::nullopt;
}

std::optional<Distrust> find_distrust(const std::filesystem::path& path, TrustedAs as) {
  try {
    PathWalk walk(path);
    if (!walk.find_last_name()) throw_store_error("open", walk.path(), walk.error());
    judge(walk.last_name().empty() ? walk.directory_status() : examine(walk), walk.path(), as);
    return std::nullopt;
  } catch (const UntrustedPath& untrusted) {
    return untrusted.distrust();
  }
}

namespace {

// Walks into the directory and judges it.
PathWalk walk_into(const std::filesystem::path& directory) {
  PathWalk walk(directory);
  if (!walk.find_last_name() || (!walk.last_name().empty() && !walk.enter_last_name()))
    throw_store_error("open", walk.path(), walk.error());
  judge(walk.directory_status(), walk.path(), TrustedAs::directory);
  return walk;
}

FileDescriptor open_for_work(const PathWalk& walk) {
  FileDescriptor opened(openat(walk.descriptor(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened) throw_store_error("open", walk.path(), errno);
  return opened;
}

std::optional<OpenedFile> open_file_at_end(PathWalk walk, const std::filesystem::path& file, TrustedAs as) {
  if (!walk.find_last_name()) {
    if (walk.error() == ENOENT || walk.error() == ENOTDIR) return std::nullopt;
    throw_store_error("open", walk.path(), walk.error());
  }
  if (walk.last_name().empty()) throw_no_file(file);
  // Judged before it is opened, because opening has an effect on some devices, and so that a user who cannot
  // read it learns who owns it.
  OpenedFile opened{FileDescriptor(-1), {}};
  if (!walk.last_status()) {
    if (walk.error() == ENOENT) return std::nullopt;
    throw_store_error("examine", file, walk.error());
  }
  judge_file(*walk.last_status(), file, as);
  FileDescriptor descriptor(openat(walk.descriptor(), walk.last_name().c_str(),
                                   O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!descriptor && errno == ENOENT) return std::nullopt;
  if (!descriptor) throw_store_error("open", file, errno);
  if (fstat(descriptor.get(), &opened.status) != 0) throw_store_error("examine", file, errno);
  judge_file(opened.status, file, as);
  return OpenedFile{std::move(descriptor), opened.status};
}

}  // namespace

FileDescriptor open_trusted_directory(const std::filesystem::path& directory) {
  return open_for_work(walk_into(directory));
}

std::optional<OpenedFile> open_trusted_file(const std::filesystem::path& file, std::size_t closed_directories,
                                            TrustedAs as) {
  return open_file_at_end(PathWalk(file, closed_directories), file, as);
}

TrustedDirectory TrustedDirectory::open(const std::filesystem::path& directory) {
  const auto walk = walk_into(directory);
  return {directory, walk.path(), open_for_work(walk), walk.directory_status()};
}

std::optional<OpenedFile> TrustedDirectory::open_file(const std::filesystem::path& file, TrustedAs as) const {
  return open_file_at_end(PathWalk(descriptor_.get(), resolved_, status_, file), path_ / file, as);
}

}  // namespace dkim::crypto
