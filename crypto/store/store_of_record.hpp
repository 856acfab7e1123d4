// The store whose state counts: what changes a domain reads and writes it here. For one machine it is the key
// directory (crypto/store/file_store), for a fleet its database (keytool/fleet/fleet_store), and then the key
// directory is a copy. What signs reads the key directory alone (crypto/store/key_store).
//
// Any thread may use it. Failures are those of KeyStore and DomainTransaction; of a database, its own kinds
// of StoreError.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "canon/domain_name.hpp"
#include "crypto/error.hpp"
#include "crypto/keys/key_record.hpp"
#include "crypto/keys/private_key.hpp"
#include "crypto/store/domain_change.hpp"
#include "crypto/store/key_store.hpp"
#include "crypto/store/manifest.hpp"
#include "crypto/store/signer_view.hpp"

namespace dkim::crypto {

// The store of record did not do what it was asked for.
class StoreOfRecordError : public StoreError {
 public:
  using StoreError::StoreError;
  // Whether another try may help later, because it does not answer now.
  virtual bool is_temporary() const = 0;
};

class StoreOfRecord {
 public:
  StoreOfRecord() = default;
  StoreOfRecord(const StoreOfRecord&) = delete;
  StoreOfRecord& operator=(const StoreOfRecord&) = delete;
  virtual ~StoreOfRecord() = default;

  // The files of this machine: the store itself, or this machine's copy of it.
  virtual const KeyStore& files() const = 0;
  // Names the store in a message: "there are no keys for example.com in /etc/dkimsignd/keys".
  virtual std::string place() const { return files().directory().string(); }
  // For one run over many domains: the way to the key directory is then walked and judged once, and not for
  // each domain (KeyStore::held). Before other threads use the store. Throws what KeyStore::held() throws.
  virtual void hold() {}

  // Returns all domains, sorted.
  virtual std::vector<canon::DomainName> domains() = 0;
  // Returns true if the domain has keys, or may have: what its manifest says is not looked at.
  virtual bool has(const canon::DomainName& domain) { return read_manifest(domain).has_value(); }
  // Returns nothing if the domain has no keys.
  virtual std::optional<Manifest> read_manifest(const canon::DomainName& domain) = 0;
  // Throws KeyFileError if the key cannot be had.
  virtual PrivateKey load_key(const canon::DomainName& domain, const KeyEntry& entry) = 0;
  // Returns the record that DNS is to serve for a key, as KeyStore::record_of() does.
  virtual KeyRecord record_of(const canon::DomainName& domain, const KeyEntry& entry,
                              const RecordFlags& flags) = 0;

  // Begins a change; an empty manifest for a new domain. May be under way in this thread while it reads.
  // Waits for others that change the domain, up to a limit.
  virtual std::unique_ptr<DomainChange> change(const canon::DomainName& domain) = 0;

  // Finishes what a killed writer left of its change to this domain, whose manifest is this. Does not look at
  // much, and writes nothing, if there is nothing to finish.
  virtual void tidy_up(const canon::DomainName& domain, const Manifest& manifest) = 0;

  // Which machines do not hold this state of the domain: the manifest as read_manifest() returned it last or
  // a newer one. Empty for a store of one machine.
  virtual SignerView signers(const canon::DomainName& domain) = 0;
};

}  // namespace dkim::crypto
