// One change to one domain of the key store. Nothing is visible before commit() and everything after it, at
// whatever instant the process is killed.
//
// How it is written, and what a killed writer leaves: crypto/store/domain_files.
#pragma once

#include <string>

#include "canon/domain_name.hpp"
#include "crypto/keys/private_key.hpp"
#include "crypto/store/domain_files.hpp"
#include "crypto/store/key_store.hpp"
#include "crypto/store/manifest.hpp"

namespace dkim::crypto {

class DomainTransaction {
 public:
  // Makes the domain's directory if there is none, waits for other writers, removes what a killed writer
  // left, and reads the manifest (an empty one for a new domain). Throws SettingsError or StoreError
  // (UntrustedPath if others could write there or have put something in the way).
  DomainTransaction(const KeyStore& store, canon::DomainName domain);
  DomainTransaction(const DomainTransaction&) = delete;
  DomainTransaction& operator=(const DomainTransaction&) = delete;

  // May be changed freely until commit(). The key file of an entry that is made revoked is deleted.
  Manifest& manifest() { return manifest_; }

  // Adds a key to the manifest, with its file and its record; the record has the flags that the manifest has
  // now. In a slot it takes the place of the last key. Throws StoreError if the selector was ever used in
  // this domain and is not a free slot, or if files of its name exist that the manifest does not know.
  void add_key(KeyEntry entry, const PrivateKey& key);
  // Writes the record of a key of the store again, as the manifest now describes it: the record of a revoked
  // key has an empty p=. Throws KeyFileError if the key cannot be loaded.
  void rewrite_record(const KeyEntry& entry);

  // Throws StoreError; then the store is unchanged, unless the message says that the change was made.
  void commit();

 private:
  void refuse_unknown_file(const std::string& name) const;
  void stage_record(const canon::Selector& selector, const KeyRecord& record);

  DomainFiles files_;
  Manifest manifest_;
};

}  // namespace dkim::crypto
