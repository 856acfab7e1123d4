// One change to one domain of the key store, by dkimkey: nothing is visible before commit() and everything
// after it, whatever instant the process is killed at.
//
// The order is: key files under temporary names, then under their own (a name that is taken is never
// written over), then the manifest by rename, then the temporary names go. A key file that has both names
// and is not in the manifest belongs to a change that died: the next transaction takes it away.
#pragma once

#include <string>
#include <vector>

#include "canon/domain_name.hpp"
#include "crypto/file.hpp"
#include "crypto/key_store.hpp"
#include "crypto/manifest.hpp"
#include "crypto/private_key.hpp"

namespace dkim::crypto {

class DomainTransaction {
 public:
  // Makes the domain's directory if there is none, waits for other writers, takes away what a killed one
  // left, and reads the manifest (an empty one for a new domain). Throws StoreError, SettingsError.
  DomainTransaction(const KeyStore& store, canon::DomainName domain);
  DomainTransaction(const DomainTransaction&) = delete;
  DomainTransaction& operator=(const DomainTransaction&) = delete;
  // Takes away what was staged and not committed.
  ~DomainTransaction();

  // To be changed freely until commit.
  Manifest& manifest() { return manifest_; }

  // Adds a key to the manifest, with its file. Throws StoreError if the selector was ever used here.
  void add_key(KeyEntry entry, const PrivateKey& key);
  // Sets the text of a selector's record file.
  void set_record_text(const canon::Selector& selector, std::string text);

  // Throws StoreError; the store is then as it was.
  void commit();

 private:
  std::filesystem::path path_of(const std::string& file_name) const;
  void remove_leftovers();
  void remove_temporaries();

  const KeyStore& store_;
  canon::DomainName domain_;
  std::filesystem::path directory_;
  gid_t group_;
  FileDescriptor lock_;
  Manifest manifest_;

  struct StagedFile {
    std::filesystem::path path;
    Secret content;
  };
  std::vector<StagedFile> key_files_;
  std::vector<StagedFile> record_files_;
  std::vector<std::filesystem::path> linked_;
  bool committed_ = false;
};

}  // namespace dkim::crypto
