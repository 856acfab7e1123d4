#include "keytool/opendkim/conf_target.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "crypto/error.hpp"
#include "crypto/settings/settings_reader.hpp"

namespace dkim::keytool::opendkim {
namespace {

constexpr std::size_t limit = 64 << 20;
constexpr mode_t mode = 0644;

bool has_settings(const std::string& text, const std::string& name) {
  try {
    const auto file = crypto::SettingsFile::parse(text, name);
    file.root().reject_unknown();
    return false;
  } catch (const crypto::SettingsError&) {
    return true;  // a setting, or something unreadable: it belongs to somebody
  }
}

std::filesystem::path directory_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : ".";
}

std::filesystem::path target_of_link(std::filesystem::path path, ConfTarget::Purpose purpose) {
  std::error_code error;
  if (!std::filesystem::is_symlink(path, error)) return path;
  // Whoever could make the link would choose which file is written.
  if (purpose == ConfTarget::Purpose::write) crypto::Directory::open(directory_of(path));
  auto target = std::filesystem::weakly_canonical(path, error);
  if (error) crypto::throw_store_error("follow", path, error.value());
  return target;
}

// Uses the temporary file itself as the lock: with mode 0600 nobody else can hold it, whereas anybody can
// lock a directory that he may read.
crypto::FileDescriptor lock_temporary(const crypto::Directory& directory, const std::string& temporary) {
  while (true) {
    auto file = directory.lock(temporary);
    struct stat opened = {};
    if (fstat(file.get(), &opened) != 0)
      crypto::throw_store_error("examine", directory.path() / temporary, errno);
    const auto named = directory.status_of(temporary);
    // If they differ, the import that held it has put it in place or removed it.
    if (named && named->st_dev == opened.st_dev && named->st_ino == opened.st_ino) return file;
  }
}

}  // namespace

ConfTarget::ConfTarget(std::filesystem::path target)
    : path_(std::move(target)), name_(path_.filename().string()), attributes_{mode, static_cast<gid_t>(-1)} {}

// Delegates to the other constructor, so that the destructor cleans up if this one throws.
ConfTarget::ConfTarget(std::filesystem::path path, Purpose purpose)
    : ConfTarget(target_of_link(std::move(path), purpose)) {
  struct stat parent = {};
  if (stat(directory_of(path_).c_str(), &parent) != 0)
    crypto::throw_store_error("write into", directory_of(path_), errno);
  if (purpose == Purpose::write) {
    directory_.emplace(crypto::Directory::open_shared(directory_of(path_)));
    temporary_.emplace(lock_temporary(*directory_, crypto::temporary_name(name_)));
  }
  const auto file = crypto::open_regular_file(path_);
  if (!file) return;
  attributes_ = {file->status.st_mode & 0777, file->status.st_gid};
  const auto content = crypto::read_all(*file, path_, limit);
  content_.assign(content.begin(), content.end());
  free_ = !has_settings(content_, path_.string());
}

ConfTarget::~ConfTarget() {
  if (temporary_ && !committed_) unlinkat(directory_->descriptor(), crypto::temporary_name(name_).c_str(), 0);
}

void ConfTarget::stage(const std::string& text) {
  const auto temporary = directory_->path() / crypto::temporary_name(name_);
  // Clears what a killed import left; a running one would hold the lock.
  if (ftruncate(temporary_->get(), 0) != 0) crypto::throw_store_error("write", temporary, errno);
  std::string whole = content_;
  if (!whole.empty() && !whole.ends_with('\n')) whole += '\n';
  whole += text;
  crypto::write_fully(*temporary_, whole, temporary);
  if (fchown(temporary_->get(), static_cast<uid_t>(-1), attributes_.group) != 0)
    crypto::throw_store_error("give its group to", temporary, errno);
  if (fsync(temporary_->get()) != 0) crypto::throw_store_error("write to disk", temporary, errno);
}

void ConfTarget::commit() {
  // Not earlier: others could open the file, and hold the lock if this process is killed.
  if (fchmod(temporary_->get(), attributes_.mode) != 0)
    crypto::throw_store_error("set the mode of", path_, errno);
  directory_->rename_temporary(name_);
  committed_ = true;
  directory_->sync();
}

}  // namespace dkim::keytool::opendkim
