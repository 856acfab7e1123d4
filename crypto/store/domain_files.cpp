#include "crypto/store/domain_files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "crypto/error.hpp"
#include "crypto/trusted_path.hpp"

namespace dkim::crypto {
namespace {

constexpr mode_t directory_mode = 0750;
constexpr mode_t key_mode = 0640;
constexpr mode_t manifest_mode = 0640;
constexpr mode_t record_mode = 0644;
constexpr const char* lock_name = domain_lock_name;

// The store knows the paths; here the names are looked up in the open directory.
std::string name_of(const std::filesystem::path& path) {
  return path.filename().string();
}

bool is_same(const std::optional<struct stat>& a, const std::optional<struct stat>& b) {
  return a && b && a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool same_file(const Directory& directory, const std::string& a, const std::string& b) {
  return is_same(directory.status_of(a), directory.status_of(b));
}

// Did one of our programs write it, or did somebody put it there while others could write the directory?
bool is_our_file(const Directory& directory, const std::string& name) {
  const auto status = directory.status_of(name);
  return status && S_ISREG(status->st_mode) && status->st_nlink == 1 &&
         !find_distrust(*status, directory.path() / name, TrustedAs::file);
}

std::vector<std::string> find_leftovers(const Directory& directory) {
  auto names = directory.names();
  std::erase_if(names, [](const std::string& name) { return !is_leftover(name); });
  return names;
}

}  // namespace

// Writers leave only names of the form ".NAME.new"; everything else is left alone.
bool is_leftover(const std::string& name) {
  return name_of_temporary(name).has_value();
}

DomainFiles::DomainFiles(const KeyStore& store, canon::DomainName domain)
    : DomainFiles(store, std::move(domain), Directory::open(store.directory())) {}

DomainFiles::DomainFiles(const KeyStore& store, canon::DomainName domain, Directory key_directory)
    : store_(store.directory()),
      domain_(std::move(domain)),
      manifest_name_(name_of(store_.manifest_path(domain_))),
      key_directory_(std::move(key_directory)),
      group_(key_directory_.group()),
      locked_(lock(key_directory_, domain_.str())),
      directory_(locked_.directory) {
  if (auto read = store_.read_manifest(domain_)) {
    manifest_ = std::move(read->manifest);
  } else {
    // Also if the directory exists already: a writer that was killed after making it leaves one that the
    // daemon cannot enter.
    directory_.set_attributes({directory_mode, group_});
  }
  remove_leftovers();
  if (manifest_) destroy_revoked_keys(*manifest_);
}

// Waits for a lock that still is the directory's when it is had: remove_all() may have taken both away.
DomainFiles::LockedDirectory DomainFiles::lock(const Directory& key_directory, const std::string& name) {
  while (true) {
    auto directory = key_directory.make(name);
    auto lock = directory.lock(lock_name);
    struct stat status = {};
    if (fstat(lock.get(), &status) != 0) throw_store_error("examine", directory.path() / lock_name, errno);
    if (is_same(status, directory.status_of(lock_name))) return {std::move(directory), std::move(lock)};
  }
}

DomainFiles::~DomainFiles() {
  if (committed_) return;
  const auto take_away = [this](const std::string& name) {
    try {
      directory_.remove(name);
    } catch (const StoreError&) {  // the next writer tries again
    }
  };
  for (const auto& name : linked_)
    take_away(name);
  for (const auto& file : staged_)
    take_away(temporary_name(file.name));
  for (const auto& name : removed_)
    take_away(temporary_name(name));
  take_away(temporary_name(manifest_name_));
}

std::string DomainFiles::key_file(const KeyEntry& entry) const {
  return name_of(store_.key_path(domain_, entry));
}

std::string DomainFiles::record_file(const canon::Selector& selector) const {
  return name_of(store_.record_path(domain_, selector));
}

void DomainFiles::add_key(std::string name, Secret pem) {
  staged_.push_back({std::move(name), std::move(pem), key_mode, Placing::linked});
}

void DomainFiles::replace_key(std::string name, Secret pem, KeyState state) {
  staged_.push_back(
      {std::move(name), std::move(pem), key_mode,
       state == KeyState::active ? Placing::renamed_before_manifest : Placing::renamed_after_manifest});
}

void DomainFiles::put_record(std::string name, std::string_view text) {
  staged_.push_back(
      {std::move(name), Secret(text.begin(), text.end()), record_mode, Placing::renamed_after_manifest});
}

void DomainFiles::remove(std::string name) {
  removed_.push_back(std::move(name));
}

void DomainFiles::commit(const Manifest& manifest) {
  stage(manifest);
  directory_.rename_temporary(manifest_name_);
  committed_ = true;
  try {
    put_in_place(manifest);
  } catch (const StoreError& error) {
    throw StoreError(
        fmt::format("the change was made, and the next one will tidy up, but: {}", error.what()));
  }
}

void DomainFiles::stage(const Manifest& manifest) {
  directory_.write_temporary(manifest_name_, write_manifest(manifest), {manifest_mode, group_});
  // On disk before the others: temporary files without it would count as part of a change that was made. Not
  // if there is no manifest yet, because no file is part of it then.
  if (manifest_) directory_.sync();
  for (const auto& file : staged_)
    directory_.write_temporary(file.name, view(file.content), {file.mode, group_});
  for (const auto& name : removed_)
    directory_.mark_for_removal(name);
  for (const auto& file : staged_) {
    if (file.placing != Placing::linked) continue;
    directory_.link_temporary(file.name);
    linked_.push_back(file.name);
  }
  rename_staged(Placing::renamed_before_manifest);
  directory_.sync();
}

void DomainFiles::rename_staged(Placing placing) {
  for (const auto& file : staged_) {
    if (file.placing == placing) directory_.rename_temporary(file.name);
  }
}

void DomainFiles::put_in_place(const Manifest& manifest) {
  rename_staged(Placing::renamed_after_manifest);
  remove_marked();
  destroy_revoked_keys(manifest);
}

// The names first: a file whose temporary name alone is gone would count as unknown.
void DomainFiles::remove_marked() {
  for (const auto& name : removed_)
    directory_.remove(name);
  directory_.sync();
  for (const auto& name : linked_)
    directory_.remove(temporary_name(name));
  // What is left of a key that is to be gone must not come back after a crash; a second name of one that
  // stays does no harm.
  if (removed_.empty()) return;
  for (const auto& name : removed_)
    directory_.remove(temporary_name(name));
  directory_.sync();
}

// Called after the manifest says that they are revoked, so that an active key always has its file.
void DomainFiles::destroy_revoked_keys(const Manifest& manifest) {
  bool destroyed = false;
  for (const auto& entry : manifest.keys) {
    if (entry.state != KeyState::revoked || !directory_.has(key_file(entry))) continue;
    directory_.remove(key_file(entry));
    destroyed = true;
  }
  if (destroyed) directory_.sync();
}

void DomainFiles::remove_all() {
  if (manifest_) {
    for (const auto& entry : manifest_->keys) {
      for (auto& name : {key_file(entry), record_file(entry.selector)}) {
        if (directory_.has(name)) removed_.push_back(name);
      }
    }
    for (const auto& name : removed_)
      directory_.mark_for_removal(name);
    directory_.sync();
    directory_.remove(manifest_name_);
    committed_ = true;
    directory_.sync();
    remove_marked();
  }
  const auto names = directory_.names();
  if (names.size() != 1 || names.front() != lock_name) return;
  directory_.remove(lock_name);
  key_directory_.remove_empty(domain_.str());
  key_directory_.sync();
}

void DomainFiles::remove_leftovers() {
  const auto leftovers = find_leftovers(directory_);
  if (leftovers.empty()) return;

  const auto new_manifest = temporary_name(manifest_name_);
  const bool change_was_made = !directory_.has(new_manifest);
  for (const auto& temporary : leftovers) {
    if (temporary == new_manifest) continue;
    const auto name = *name_of_temporary(temporary);
    const std::filesystem::path named(name);
    const bool is_key = named.extension() == ".private";
    const bool is_record = named.extension() == ".txt";
    const bool in_manifest =
        manifest_ && std::any_of(manifest_->keys.begin(), manifest_->keys.end(), [&](const KeyEntry& key) {
          return name == key_file(key) || name == record_file(key.selector);
        });
    if (is_record && in_manifest && change_was_made && is_our_file(directory_, temporary)) {
      directory_.rename_temporary(name);
      continue;
    }
    if ((is_key || is_record) && !in_manifest && same_file(directory_, temporary, name))
      directory_.remove(name);
    directory_.remove(temporary);
  }
  // Last, because it tells whether the change was made.
  directory_.sync();
  directory_.remove(new_manifest);
  directory_.sync();
}

// Uses the path and does not judge the way to it, which would cost more than everything else that is done for
// one of many domains. Whatever this returns, only a writer with the lock writes.
bool needs_tidying(const KeyStore& store, const canon::DomainName& domain, const Manifest& manifest) {
  for (const auto& entry : manifest.keys) {
    struct stat status = {};
    if (entry.state == KeyState::revoked && lstat(store.key_path(domain, entry).c_str(), &status) == 0)
      return true;
  }
  const auto path = store.domain_directory(domain);
  std::error_code error;
  bool found = false;
  std::filesystem::directory_iterator entries(path, error);
  for (; !error && !found && entries != std::filesystem::directory_iterator(); entries.increment(error))
    found = is_leftover(name_of(entries->path()));
  if (error) throw_store_error("list", path, error.value());
  return found;
}

}  // namespace dkim::crypto
