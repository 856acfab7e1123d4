#include "keytool/opendkim/conf_target.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "crypto/error.hpp"
#include "crypto/file.hpp"
#include "crypto/settings_reader.hpp"

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
    return true;  // a setting, or what cannot be read: it is someone's
  }
}

std::filesystem::path target_of_link(std::filesystem::path path) {
  std::error_code error;
  if (!std::filesystem::is_symlink(path, error)) return path;
  auto target = std::filesystem::weakly_canonical(path, error);
  if (error) crypto::throw_store_error("follow", path, error.value());
  return target;
}

}  // namespace

ConfTarget::ConfTarget(std::filesystem::path path)
    : path_(target_of_link(std::move(path))), attributes_{mode, static_cast<gid_t>(-1)} {
  read();
}

void ConfTarget::read() {
  const auto file = crypto::open_regular_file(path_);
  if (!file) {
    struct stat status {};
    if (stat(directory().c_str(), &status) != 0) crypto::throw_store_error("write into", directory(), errno);
    return;
  }
  attributes_.mode = file->status.st_mode & 07777;
  const auto content = crypto::read_all(*file, path_, limit);
  content_.assign(content.begin(), content.end());
  free_ = !has_settings(content_, path_.string());
}

ConfTarget::~ConfTarget() {
  if (staged_) unlink(crypto::temporary_path(path_).c_str());
}

std::filesystem::path ConfTarget::directory() const {
  return path_.has_parent_path() ? path_.parent_path() : ".";
}

void ConfTarget::stage(const std::string& text) {
  lock_.emplace(path_);
  read();
  if (holds(text)) return;
  if (!free_) throw crypto::StoreError(path_.string() + " has got settings meanwhile, and is left as it is");
  // What a killed import left: a living one has the lock.
  const auto temporary = crypto::temporary_path(path_);
  if (unlink(temporary.c_str()) != 0 && errno != ENOENT)
    crypto::throw_store_error("remove", temporary, errno);
  std::string whole = content_;
  if (!whole.empty() && !whole.ends_with('\n')) whole += '\n';
  whole += text;
  staged_ = true;
  crypto::write_temporary(path_, whole, attributes_);
}

void ConfTarget::commit() {
  if (!staged_) return;
  crypto::rename_temporary(path_);
  staged_ = false;
  crypto::sync_directory(directory());
}

}  // namespace dkim::keytool::opendkim
