// One change to one domain of the store of record: of files (crypto/store/domain_transaction) or of
// a fleet's database (keytool/fleet/fleet_store). Nothing is visible before commit() and everything after it,
// at whatever instant the process is killed. Of two changes of a domain at once, one waits for the other or
// fails; they never both win.
//
// One thread uses it. Failures are StoreError and SettingsError; of a database, its own kinds of StoreError.
#pragma once

#include "crypto/keys/private_key.hpp"
#include "crypto/store/manifest.hpp"

namespace dkim::crypto {

class DomainChange {
 public:
  DomainChange() = default;
  DomainChange(const DomainChange&) = delete;
  DomainChange& operator=(const DomainChange&) = delete;
  // Drops what was not committed.
  virtual ~DomainChange() = default;

  // May be changed freely until commit(). The private key of an entry that is made revoked is destroyed.
  virtual Manifest& manifest() = 0;

  // Adds a key to the manifest, with its private key and its record; the record has the flags that the
  // manifest has now. In a slot it takes the place of the last key. Throws StoreError if the selector was
  // ever used in this domain and is not a free slot.
  virtual void add_key(KeyEntry entry, const PrivateKey& key) = 0;

  // Writes the record of a key of the store again, as the manifest now describes it: the record of a revoked
  // key has an empty p=. Throws KeyFileError if the key cannot be loaded.
  virtual void rewrite_record(const KeyEntry& entry) = 0;

  // Throws StoreError; then nothing is changed, unless the message says that the change was made.
  virtual void commit() = 0;
};

}  // namespace dkim::crypto
