#include "crypto/store/domain_transaction.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "crypto/error.hpp"
#include "crypto/store/published_record.hpp"
#include "crypto/store/slot_use.hpp"
#include "crypto/trusted_path.hpp"

namespace dkim::crypto {
namespace {

constexpr mode_t directory_mode = 0750;
constexpr mode_t key_mode = 0640;
constexpr mode_t manifest_mode = 0640;
constexpr mode_t record_mode = 0644;

// The store knows the paths; here the names are looked up in the open directory.
std::string name_of(const std::filesystem::path& path) {
  return path.filename().string();
}

bool same_file(const Directory& directory, const std::string& a, const std::string& b) {
  const auto first = directory.status_of(a);
  const auto second = directory.status_of(b);
  return first && second && first->st_dev == second->st_dev && first->st_ino == second->st_ino;
}

// Did one of our programs write it, or did somebody put it there while others could write the directory?
bool is_our_file(const Directory& directory, const std::string& name) {
  const auto status = directory.status_of(name);
  return status && S_ISREG(status->st_mode) && status->st_nlink == 1 &&
         !find_distrust(*status, directory.path() / name, TrustedAs::file);
}

// Writers leave only names of the form ".NAME.new"; everything else is left alone.
bool is_leftover(const std::string& name) {
  return name_of_temporary(name).has_value();
}

std::vector<std::string> find_leftovers(const Directory& directory) {
  auto names = directory.names();
  std::erase_if(names, [](const std::string& name) { return !is_leftover(name); });
  return names;
}

Secret secret_of(std::string_view text) {
  return {text.begin(), text.end()};
}

}  // namespace

DomainTransaction::DomainTransaction(const KeyStore& store, canon::DomainName domain)
    : DomainTransaction(store, std::move(domain), Directory::open(store.directory())) {}

DomainTransaction::DomainTransaction(const KeyStore& store, canon::DomainName domain,
                                     const Directory& key_directory)
    : store_(store.directory()),
      domain_(std::move(domain)),
      manifest_name_(name_of(store.manifest_path(domain_))),
      group_(key_directory.group()),
      directory_(key_directory.make(domain_.str())),
      lock_(directory_.lock(".lock")) {
  if (auto read = store_.read_manifest(domain_)) {
    manifest_ = std::move(read->manifest);
  } else {
    // Also if the directory exists already: a writer that was killed after making it leaves one that the
    // daemon cannot enter.
    directory_.set_attributes({directory_mode, group_});
  }
  remove_leftovers();
  destroy_revoked_keys();
}

DomainTransaction::~DomainTransaction() {
  if (committed_) return;
  const auto take_away = [this](const std::string& name) {
    try {
      directory_.remove(name);
    } catch (const StoreError&) {  // the next writer tries again
    }
  };
  for (const auto& name : linked_)
    take_away(name);
  for (const auto& file : key_files_)
    take_away(temporary_name(file.name));
  for (const auto& file : record_files_)
    take_away(temporary_name(file.name));
  take_away(temporary_name(manifest_name_));
}

void DomainTransaction::add_key(KeyEntry entry, const PrivateKey& key) {
  take_selector(manifest_, domain_, entry);
  const auto key_file = name_of(store_.key_path(domain_, entry));
  refuse_unknown_file(key_file);
  if (entry.use == 1) refuse_unknown_file(name_of(store_.record_path(domain_, entry.selector)));
  key_files_.push_back({key_file, key.to_pem()});
  stage_record(entry.selector, make_record(key, manifest_.record));
  manifest_.keys.push_back(std::move(entry));
}

void DomainTransaction::refuse_unknown_file(const std::string& name) const {
  if (!directory_.has(name)) return;
  throw StoreError(fmt::format("{} is there but not in the manifest, and is left as it is",
                               (directory_.path() / name).string()));
}

void DomainTransaction::rewrite_record(const KeyEntry& entry) {
  stage_record(entry.selector, store_.record_of(domain_, entry, manifest_.record));
}

void DomainTransaction::stage_record(const canon::Selector& selector, const KeyRecord& record) {
  record_files_.push_back({name_of(store_.record_path(domain_, selector)),
                           secret_of(zone_text(published_record(manifest_, selector, domain_, record)))});
}

void DomainTransaction::commit() {
  stage();
  directory_.rename_temporary(manifest_name_);
  committed_ = true;
  try {
    put_in_place();
  } catch (const StoreError& error) {
    throw StoreError(
        fmt::format("the change was made, and the next one will tidy up, but: {}", error.what()));
  }
}

void DomainTransaction::stage() {
  directory_.write_temporary(manifest_name_, write_manifest(manifest_), {manifest_mode, group_});
  // On disk before the others: temporary files without it would count as part of a change that was made.
  directory_.sync();
  for (const auto& file : key_files_)
    directory_.write_temporary(file.name, view(file.content), {key_mode, group_});
  for (const auto& file : record_files_)
    directory_.write_temporary(file.name, view(file.content), {record_mode, group_});
  for (const auto& file : key_files_) {
    directory_.link_temporary(file.name);
    linked_.push_back(file.name);
  }
  directory_.sync();
}

void DomainTransaction::put_in_place() {
  for (const auto& file : record_files_)
    directory_.rename_temporary(file.name);
  directory_.sync();
  for (const auto& file : key_files_)
    directory_.remove(temporary_name(file.name));
  directory_.sync();
  destroy_revoked_keys();
}

// Called after the manifest says that they are revoked, so that an active key always has its file.
void DomainTransaction::destroy_revoked_keys() {
  bool destroyed = false;
  for (const auto& entry : manifest_.keys) {
    const auto name = name_of(store_.key_path(domain_, entry));
    if (entry.state != KeyState::revoked || !directory_.has(name)) continue;
    directory_.remove(name);
    destroyed = true;
  }
  if (destroyed) directory_.sync();
}

void DomainTransaction::remove_leftovers() {
  const auto leftovers = find_leftovers(directory_);
  if (leftovers.empty()) return;

  const auto new_manifest = temporary_name(manifest_name_);
  const bool change_was_made = !directory_.has(new_manifest);
  for (const auto& temporary : leftovers) {
    if (temporary == new_manifest) continue;
    const auto name = *name_of_temporary(temporary);
    const std::filesystem::path named(name);
    const bool in_manifest =
        std::any_of(manifest_.keys.begin(), manifest_.keys.end(), [&](const KeyEntry& key) {
          return name == name_of(store_.key_path(domain_, key)) ||
                 name == name_of(store_.record_path(domain_, key.selector));
        });
    if (named.extension() == ".txt" && in_manifest && change_was_made && is_our_file(directory_, temporary)) {
      directory_.rename_temporary(name);
      continue;
    }
    if (named.extension() == ".private" && !in_manifest && same_file(directory_, temporary, name))
      directory_.remove(name);
    directory_.remove(temporary);
  }
  // Last, because it tells whether the change was made.
  directory_.sync();
  directory_.remove(new_manifest);
  directory_.sync();
}

// Uses the path and does not judge the way to it, which would cost more than everything else that is done for
// one of many domains. Whatever this returns, only a transaction writes.
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
