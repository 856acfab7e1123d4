#include "crypto/path_walk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <utility>
#include <vector>

#include "crypto/error.hpp"
#include "crypto/trusted_path.hpp"

namespace dkim::crypto {
namespace {

// As in the kernel.
constexpr int most_links = 40;

}  // namespace

PathWalk::PathWalk(const std::filesystem::path& path, std::size_t closed_directories)
    : asked_for_(path), closed_directories_(closed_directories) {
  if (path.empty()) throw_store_error("open", "\"\"", ENOENT);
  std::error_code error;
  // A relative path is below the working directory; the way to that is judged, too.
  const auto absolute = std::filesystem::absolute(path, error);
  if (error) throw_store_error("examine", path, error.value());
  put_first(absolute.native());
  start_at_root();
}

PathWalk::PathWalk(int directory, std::filesystem::path directory_path, const struct stat& status,
                   const std::filesystem::path& path)
    : asked_for_(directory_path / path),
      start_(directory),
      directory_path_(std::move(directory_path)),
      status_(status) {
  put_first(path.native());
  closed_directories_ = names_.size();
}

bool PathWalk::find_last_name() {
  while (!names_.empty()) {
    last_name_ = std::move(names_.front());
    names_.pop_front();
    if (follow_link()) continue;
    if (names_.empty() && last_name_ != "..") return true;
    if (!enter_last_name()) return false;
  }
  last_name_.clear();
  return true;
}

bool PathWalk::enter_last_name() {
  const auto path = this->path();
  // O_DIRECTORY also mounts a directory that is mounted on demand.
  const int next = openat(descriptor(), last_name_.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (next < 0) {
    error_ = errno;
    return false;
  }
  directory_.emplace(next);
  directory_path_ = path;
  last_name_.clear();
  judge_directory();
  return true;
}

std::filesystem::path PathWalk::path() const {
  if (last_name_.empty()) return directory_path_;
  return last_name_ == ".." ? directory_path_.parent_path() : directory_path_ / last_name_;
}

void PathWalk::put_first(std::string_view path) {
  std::vector<std::string> names;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    if (const auto name = path.substr(0, end); !name.empty() && name != ".") names.emplace_back(name);
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  names_.insert(names_.begin(), names.begin(), names.end());
}

void PathWalk::start_at_root() {
  const int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) throw_store_error("open", "/", errno);
  directory_.emplace(root);
  directory_path_ = "/";
  judge_directory();
}

void PathWalk::judge_directory() {
  if (fstat(descriptor(), &status_) != 0) throw_store_error("examine", directory_path_, errno);
  const bool closed = !names_.empty() && names_.size() <= closed_directories_;
  const auto as = closed ? TrustedAs::directory : TrustedAs::on_the_way;
  if (const auto distrust = find_distrust(status_, directory_path_, as)) throw UntrustedPath(*distrust);
}

bool PathWalk::follow_link() {
  struct stat status = {};
  last_status_.reset();
  if (fstatat(descriptor(), last_name_.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    error_ = errno;
    return false;
  }
  last_status_ = status;
  if (!S_ISLNK(status.st_mode)) return false;
  // In a directory that is not sticky, a link belongs to those who can write there, whoever owns it.
  if ((status_.st_mode & S_ISVTX) != 0) {
    if (const auto distrust = find_distrust(status, path(), TrustedAs::link)) throw UntrustedPath(*distrust);
  }
  if (++links_ > most_links) throw_store_error("open", asked_for_, ELOOP);
  std::array<char, PATH_MAX> target{};
  const ssize_t length = readlinkat(descriptor(), last_name_.c_str(), target.data(), target.size());
  if (length < 0) throw_store_error("follow", path(), errno);
  const std::string_view text(target.data(), static_cast<std::size_t>(length));
  put_first(text);
  if (text.starts_with('/')) start_at_root();
  return true;
}

}  // namespace dkim::crypto
