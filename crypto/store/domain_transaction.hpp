// One change to one domain of the key store, by dkimkey: nothing is visible before commit() and everything
// after it, whatever instant the process is killed at.
//
// The order is: the new manifest, then keys and records under temporary names; keys also under their own (a
// name that is taken is never written over); the manifest in place by rename; then the records, and the
// keys' temporary names go. As long as the new manifest has its temporary name the change is not made: if
// its writer is gone, the next transaction takes away what it staged, a key file that has both names
// included. Afterwards it is made, and the next transaction puts the records in place.
//
// Both directories are opened once, and all goes by their descriptors (crypto/directory): before a secret is
// written it is certain that nobody else may write there, and that nothing leads elsewhere.
#pragma once

#include <string>
#include <vector>

#include "canon/domain_name.hpp"
#include "crypto/directory.hpp"
#include "crypto/file.hpp"
#include "crypto/keys/private_key.hpp"
#include "crypto/store/key_store.hpp"
#include "crypto/store/manifest.hpp"

namespace dkim::crypto {

class DomainTransaction {
 public:
  // Makes the domain's directory if there is none, waits for other writers, takes away what a killed one
  // left, and reads the manifest (an empty one for a new domain). Throws StoreError (UntrustedPath where
  // others could write, or have put something in the way), SettingsError.
  DomainTransaction(const KeyStore& store, canon::DomainName domain);
  DomainTransaction(const DomainTransaction&) = delete;
  DomainTransaction& operator=(const DomainTransaction&) = delete;
  // Takes away what was staged and not committed.
  ~DomainTransaction();

  // To be changed freely until commit. The private key of an entry that is made revoked goes with it.
  Manifest& manifest() { return manifest_; }

  // Adds a key to the manifest, with its file. Throws StoreError if the selector was ever used here, or if
  // there are files in its name that the manifest does not know.
  void add_key(KeyEntry entry, const PrivateKey& key);
  // Sets the text of a selector's record file.
  void set_record_text(const canon::Selector& selector, std::string text);

  // Throws StoreError. The store is then as it was, unless the message says that the change was made.
  void commit();

 private:
  DomainTransaction(const KeyStore& store, canon::DomainName domain, const Directory& key_directory);
  void remove_leftovers();
  void stage();
  void put_in_place();
  void destroy_revoked_keys();

  const KeyStore store_;  // by its path, as it is now
  canon::DomainName domain_;
  std::string manifest_name_;
  gid_t group_;  // the daemon's: all that is written below the key directory gets it
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

// Has a killed writer left something that the next transaction, by beginning, takes away? A look without a
// lock, for those that otherwise have nothing to write. Throws StoreError.
bool needs_tidying(const KeyStore& store, const canon::DomainName& domain, const Manifest& manifest);

}  // namespace dkim::crypto
