// One change to one domain of a fleet: one transaction in its database, then the domain's files on this
// machine.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "crypto/store/domain_change.hpp"
#include "crypto/store/key_store.hpp"
#include "crypto/utc_time.hpp"
#include "keytool/fleet/database_pool.hpp"

namespace dkim::keytool::fleet {

// Throws StoreError unless the key directory is a copy of this database, and the database has not gone
// back in time. Returns its state.
StoreState require_same_history(FleetDatabase& database, const crypto::KeyStore& files);

// Makes this machine's files of a domain equal to the database. The domain is locked there meanwhile: a state
// is never written over a newer one that the agent has brought.
void refresh_copy(DatabasePool& pool, const crypto::KeyStore& files, const canon::DomainName& domain);

class FleetChange final : public crypto::DomainChange {
 public:
  // Locks the domain in the database. The pool and the files must outlive it.
  FleetChange(DatabasePool& pool, DatabasePool::Borrowed database, const crypto::KeyStore& files,
              const canon::DomainName& domain);
  ~FleetChange() override;

  crypto::Manifest& manifest() override { return manifest_; }
  void add_key(crypto::KeyEntry entry, const crypto::PrivateKey& key) override;
  // A fleet has no records beside its keys; the copy's are written with it. So this only finds out if there
  // is a key.
  void rewrite_record(const crypto::KeyEntry& entry) override;
  void commit() override;

  bool is_forgotten() const { return is_forgotten_; }
  // Revokes all keys, and takes the domain from every machine.
  void forget(crypto::UtcTime now);

 private:
  void begin();
  void make();

  DatabasePool& pool_;
  DatabasePool::Borrowed database_;
  const crypto::KeyStore& files_;
  canon::DomainName domain_;
  StoreState state_;
  crypto::Manifest manifest_;
  std::vector<KeyRow> keys_;  // that the domain had, and that were added
  bool is_forgotten_ = false;
  bool is_open_ = true;  // the transaction
};

}  // namespace dkim::keytool::fleet
