// The files of one domain of the key store, open and locked for one writer, who replaces them in one step:
// crypto/store/domain_transaction for a change, crypto/store/domain_copy for a whole state. Killed at
// whatever instant, the store reads as before or as after.
//
// The order of commit(): the new manifest, then keys and records, are written under temporary names; new keys
// get their own names in addition (a file that exists is never overwritten); what is to go gets a temporary
// name in addition; the manifest is renamed into place, which is the commit point; then the records are
// renamed, and what is to go loses both names. If a writer is killed while the new manifest has its temporary
// name, the change is not made, and the next writer removes what was staged, key files with both names
// included. If it is killed later, the change is made: the next writer puts the records in place, and removes
// files with both names that the manifest does not have.
//
// Both directories are opened once and used by their descriptors (crypto/directory.hpp): before a secret is
// written, it is certain that nobody else can write there and that nothing leads elsewhere.
//
// One thread uses it. Failures are StoreError (UntrustedPath included), SettingsError for the manifest.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "canon/domain_name.hpp"
#include "crypto/directory.hpp"
#include "crypto/file.hpp"
#include "crypto/keys/key_record.hpp"
#include "crypto/secret.hpp"
#include "crypto/store/key_store.hpp"
#include "crypto/store/manifest.hpp"

namespace dkim::crypto {

class DomainFiles {
 public:
  // Makes the domain's directory if there is none, waits for other writers, removes what a killed writer
  // left, and reads the manifest. Throws SettingsError or StoreError (UntrustedPath if others could write
  // there or have put something in the way).
  DomainFiles(const KeyStore& store, canon::DomainName domain);
  DomainFiles(const DomainFiles&) = delete;
  DomainFiles& operator=(const DomainFiles&) = delete;
  // Removes what was staged and not committed.
  ~DomainFiles();

  // By its path, as it is now.
  const KeyStore& store() const { return store_; }
  const canon::DomainName& domain() const { return domain_; }
  const Directory& directory() const { return directory_; }
  // As it was when this was opened; nothing for a new domain.
  const std::optional<Manifest>& manifest() const { return manifest_; }
  // The names of a key's file and of its record.
  std::string key_file(const KeyEntry& entry) const;
  std::string record_file(const canon::Selector& selector) const;

  // What commit() is to do. A name may be given once.
  void add_key(std::string name, Secret pem);
  // Another key under a name that is taken. The daemon must not see it beside a manifest by which it signs
  // with the other: so before the manifest if that says that the key is active, and after it otherwise.
  void replace_key(std::string name, Secret pem, KeyState state);
  void put_record(std::string name, std::string_view text);
  void remove(std::string name);

  // Key files of entries that are revoked are deleted. Throws StoreError; then the store is unchanged, unless
  // the message says that the change was made.
  void commit(const Manifest& manifest);

  // Removes the manifest, then the keys and records that it has, and the directory if nothing else is in it.
  void remove_all();

 private:
  struct LockedDirectory {
    Directory directory;
    FileDescriptor lock;
  };
  enum class Placing { linked, renamed_before_manifest, renamed_after_manifest };
  struct StagedFile {
    std::string name;
    Secret content;
    mode_t mode;
    Placing placing;
  };

  DomainFiles(const KeyStore& store, canon::DomainName domain, Directory key_directory);
  static LockedDirectory lock(const Directory& key_directory, const std::string& name);
  void remove_leftovers();
  void rename_staged(Placing placing);
  void stage(const Manifest& manifest);
  void put_in_place(const Manifest& manifest);
  void remove_marked();
  void destroy_revoked_keys(const Manifest& manifest);

  const KeyStore store_;
  canon::DomainName domain_;
  std::string manifest_name_;
  Directory key_directory_;
  gid_t group_;  // the daemon's, given to everything below the key directory
  LockedDirectory locked_;
  const Directory& directory_;
  std::optional<Manifest> manifest_;

  std::vector<StagedFile> staged_;
  std::vector<std::string> removed_;
  std::vector<std::string> linked_;
  bool committed_ = false;
};

// The file by whose lock writers take turns; it stays as long as the domain's directory.
inline constexpr const char* domain_lock_name = ".lock";

// Returns true if writers leave such names behind when they are killed.
bool is_leftover(const std::string& name);

// Returns true if a killed writer left something that the next one will remove when it begins. Takes no lock.
// Throws StoreError.
bool needs_tidying(const KeyStore& store, const canon::DomainName& domain, const Manifest& manifest);

}  // namespace dkim::crypto
