// One change to one domain of the key directory. Nothing is visible before commit() and everything after it,
// at whatever instant the process is killed.
//
// The order: the new manifest, then keys and records, are written under temporary names; keys get their own
// names in addition (a file that exists is never overwritten); the manifest is renamed into place, which is
// the commit point; then the records are renamed and the keys' temporary names removed. If a writer is killed
// while the new manifest has its temporary name, the change is not made, and the next transaction removes
// what was staged, key files with both names included. If it is killed later, the change is made, and the
// next transaction puts the records in place.
//
// Both directories are opened once and used by their descriptors (crypto/directory.hpp): before a secret is
// written, it is certain that nobody else can write there and that nothing leads elsewhere.
#pragma once

#include <string>
#include <vector>

#include "canon/domain_name.hpp"
#include "crypto/directory.hpp"
#include "crypto/file.hpp"
#include "crypto/keys/private_key.hpp"
#include "crypto/store/domain_change.hpp"
#include "crypto/store/key_store.hpp"
#include "crypto/store/manifest.hpp"

namespace dkim::crypto {

class DomainTransaction final : public DomainChange {
 public:
  // Makes the domain's directory if there is none, waits for other writers, removes what a killed writer
  // left, and reads the manifest (an empty one for a new domain). Throws SettingsError or StoreError
  // (UntrustedPath if others could write there or have put something in the way).
  DomainTransaction(const KeyStore& store, canon::DomainName domain);
  // Removes what was staged and not committed.
  ~DomainTransaction() override;

  Manifest& manifest() override { return manifest_; }
  // Also throws StoreError if files of its name exist that the manifest does not know.
  void add_key(KeyEntry entry, const PrivateKey& key) override;
  void rewrite_record(const KeyEntry& entry) override;
  void commit() override;

 private:
  DomainTransaction(const KeyStore& store, canon::DomainName domain, const Directory& key_directory);
  void refuse_unknown_file(const std::string& name) const;
  void remove_leftovers();
  void stage();
  void put_in_place();
  void stage_record(const canon::Selector& selector, const KeyRecord& record);
  void destroy_revoked_keys();

  const KeyStore store_;  // by its path, as it is now
  canon::DomainName domain_;
  std::string manifest_name_;
  gid_t group_;  // the daemon's, given to everything below the key directory
  Directory directory_;
  FileDescriptor lock_;
  Manifest manifest_;

  struct StagedFile {
    std::string name;
    Secret content;
  };
  std::vector<StagedFile> key_files_;
  std::vector<StagedFile> record_files_;
  std::vector<std::string> linked_;
  bool committed_ = false;
};

// Returns true if a killed writer left something that the next transaction will remove when it begins. Takes
// no lock. Throws StoreError.
bool needs_tidying(const KeyStore& store, const canon::DomainName& domain, const Manifest& manifest);

}  // namespace dkim::crypto
