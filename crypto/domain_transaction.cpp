#include "crypto/domain_transaction.hpp"

#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "crypto/error.hpp"

namespace dkim::crypto {
namespace {

constexpr mode_t directory_mode = 0750;
constexpr mode_t key_mode = 0640;
constexpr mode_t manifest_mode = 0640;
constexpr mode_t record_mode = 0644;

constexpr std::string_view temporary_suffix = ".new";

// The group of the key directory is the daemon's: all that is written below it gets the same.
gid_t group_of(const std::filesystem::path& directory) {
  struct stat status {};
  if (stat(directory.c_str(), &status) != 0) throw_store_error("use the key directory", directory, errno);
  return status.st_gid;
}

void make_domain_directory(const std::filesystem::path& directory) {
  if (mkdir(directory.c_str(), 0700) == 0) {
    sync_directory(directory.parent_path());
  } else if (errno != EEXIST) {
    throw_store_error("make", directory, errno);
  }
}

// Apart from making it: a writer killed in between leaves a directory that the daemon cannot enter.
void open_to_group(const std::filesystem::path& directory, gid_t group) {
  if (chown(directory.c_str(), static_cast<uid_t>(-1), group) != 0)
    throw_store_error("give the key directory's group to", directory, errno);
  if (chmod(directory.c_str(), directory_mode) != 0) throw_store_error("set the mode of", directory, errno);
}

// root is stopped by a mode only where it has no capabilities, as in dkimkey-rotate.service.
[[noreturn]] void throw_not_roots_own(const std::filesystem::path& directory) {
  throw StoreError(
      "cannot write in " + directory.string() +
      ": it is not root's, and this process may only write what is its own; mend it with: chown -R root " +
      directory.string());
}

FileDescriptor lock_directory(const std::filesystem::path& directory) {
  const auto path = directory / ".lock";
  FileDescriptor lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock && errno == EACCES && geteuid() == 0) throw_not_roots_own(directory);
  if (!lock) throw_store_error("open", path, errno);
  while (flock(lock.get(), LOCK_EX) != 0) {
    if (errno != EINTR) throw_store_error("lock", path, errno);
  }
  return lock;
}

bool is_there(const std::filesystem::path& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0) return true;
  if (errno != ENOENT) throw_store_error("examine", path, errno);
  return false;
}

bool same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
  struct stat first {};
  struct stat second {};
  return lstat(a.c_str(), &first) == 0 && lstat(b.c_str(), &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

void remove_file(const std::filesystem::path& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) throw_store_error("remove", path, errno);
}

// Only names of the form ".NAME.new" are a writer's; everything else is left alone.
std::vector<std::filesystem::path> find_leftovers(const std::filesystem::path& directory) {
  std::error_code error;
  std::vector<std::filesystem::path> leftovers;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.') && name.ends_with(temporary_suffix)) leftovers.push_back(entry.path());
  }
  if (error) throw_store_error("list", directory, error.value());
  return leftovers;
}

Secret secret_of(std::string_view text) {
  return {text.begin(), text.end()};
}

}  // namespace

DomainTransaction::DomainTransaction(const KeyStore& store, canon::DomainName domain)
    : store_(store),
      domain_(std::move(domain)),
      directory_(store.domain_directory(domain_)),
      group_(group_of(store.directory())),
      lock_((make_domain_directory(directory_), lock_directory(directory_))) {
  if (auto read = store_.read_manifest(domain_)) {
    manifest_ = std::move(read->manifest);
  } else {
    open_to_group(directory_, group_);
  }
  remove_leftovers();
  destroy_revoked_keys();
}

DomainTransaction::~DomainTransaction() {
  if (committed_) return;
  for (const auto& path : linked_)
    unlink(path.c_str());
  for (const auto& file : key_files_)
    unlink(temporary_path(file.path).c_str());
  for (const auto& file : record_files_)
    unlink(temporary_path(file.path).c_str());
  unlink(temporary_path(store_.manifest_path(domain_)).c_str());
}

void DomainTransaction::add_key(KeyEntry entry, const PrivateKey& key) {
  if (manifest_.find(entry.selector) != nullptr) {
    throw StoreError(
        "the selector " + entry.selector.str() + " was used in " + domain_.str() +
        " before; a selector is never used twice, since DNS and mail on its way still know the old key");
  }
  for (const auto& path :
       {store_.key_path(domain_, entry.selector), store_.record_path(domain_, entry.selector)}) {
    if (is_there(path))
      throw StoreError(path.string() + " is there but not in the manifest, and is left as it is");
  }
  key_files_.push_back({store_.key_path(domain_, entry.selector), key.to_pem()});
  manifest_.keys.push_back(std::move(entry));
}

void DomainTransaction::set_record_text(const canon::Selector& selector, std::string text) {
  record_files_.push_back({store_.record_path(domain_, selector), secret_of(text)});
}

void DomainTransaction::commit() {
  stage();
  rename_temporary(store_.manifest_path(domain_));
  committed_ = true;
  try {
    put_in_place();
  } catch (const StoreError& error) {
    throw StoreError("the change was made, and the next one will tidy up, but: " + std::string(error.what()));
  }
}

void DomainTransaction::stage() {
  write_temporary(store_.manifest_path(domain_), write_manifest(manifest_), {manifest_mode, group_});
  // On disk before the others: what has a temporary name without it would count as part of a made change.
  sync_directory(directory_);
  for (const auto& file : key_files_)
    write_temporary(file.path, view(file.content), {key_mode, group_});
  for (const auto& file : record_files_)
    write_temporary(file.path, view(file.content), {record_mode, group_});
  for (const auto& file : key_files_) {
    link_temporary(file.path);
    linked_.push_back(file.path);
  }
  sync_directory(directory_);
}

void DomainTransaction::put_in_place() {
  for (const auto& file : record_files_)
    rename_temporary(file.path);
  sync_directory(directory_);
  for (const auto& file : key_files_)
    remove_file(temporary_path(file.path));
  sync_directory(directory_);
  destroy_revoked_keys();
}

// After the manifest says that they are revoked, so that no instant shows an active key without its file.
void DomainTransaction::destroy_revoked_keys() {
  bool destroyed = false;
  for (const auto& entry : manifest_.keys) {
    const auto path = store_.key_path(domain_, entry.selector);
    if (entry.state != KeyState::revoked || !is_there(path)) continue;
    remove_file(path);
    destroyed = true;
  }
  if (destroyed) sync_directory(directory_);
}

void DomainTransaction::remove_leftovers() {
  const auto leftovers = find_leftovers(directory_);
  if (leftovers.empty()) return;

  const auto new_manifest = temporary_path(store_.manifest_path(domain_));
  const bool change_was_made = !is_there(new_manifest);
  for (const auto& temporary : leftovers) {
    if (temporary == new_manifest) continue;
    const std::string name = temporary.filename().string();
    const std::filesystem::path named =
        directory_ / name.substr(1, name.size() - 1 - temporary_suffix.size());
    const auto selector = canon::Selector::parse(named.stem().string());
    const bool in_manifest = selector && manifest_.find(*selector) != nullptr;
    if (named.extension() == ".txt" && in_manifest && change_was_made) {
      rename_temporary(named);
      continue;
    }
    if (named.extension() == ".private" && !in_manifest && same_file(temporary, named)) remove_file(named);
    remove_file(temporary);
  }
  // Last, since it tells what the others are.
  sync_directory(directory_);
  remove_file(new_manifest);
  sync_directory(directory_);
}

bool needs_tidying(const KeyStore& store, const canon::DomainName& domain, const Manifest& manifest) {
  for (const auto& entry : manifest.keys) {
    if (entry.state == KeyState::revoked && is_there(store.key_path(domain, entry.selector))) return true;
  }
  return !find_leftovers(store.domain_directory(domain)).empty();
}

}  // namespace dkim::crypto
