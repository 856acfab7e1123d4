// What the fleet's tables hold, read and written in whole steps. Knows the SQL of everything but the making of
// the schema (keytool/fleet/schema).
//
// One thread at a time. Failures are DatabaseError; SettingsError for a manifest that does not parse is the
// caller's matter: manifests are texts here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "canon/domain_name.hpp"
#include "crypto/keys/sealed_key.hpp"
#include "crypto/utc_time.hpp"
#include "keytool/fleet/database.hpp"

namespace dkim::keytool::fleet {

struct StoreState {
  std::string identity;
  std::int64_t sequence = 0;
  // Fingerprints of the fleet's sealing keys, by their numbers.
  std::map<int, std::string> sealing_keys;
};

struct KeyRow {
  std::string selector;
  int use = 1;
  std::string algorithm;
  crypto::SealedKey sealed;
};

struct DomainRow {
  std::string domain;
  std::int64_t sequence = 0;
  std::string manifest;
  std::vector<KeyRow> keys;
};

struct SignerRow {
  std::string host;
  std::string version;
  std::int64_t applied = 0;
  std::optional<crypto::UtcTime> last_seen;
  std::optional<crypto::UtcTime> lease_end;
  std::optional<crypto::UtcTime> left;
  std::string sealing_keys;  // "1:fingerprint 2:fingerprint", as the machine reported them
  int refused = 0;           // how many domains it refuses
};

struct RefusedRow {
  std::string host;
  std::string domain;
  std::string reason;
};

class FleetDatabase {
 public:
  explicit FleetDatabase(const FleetSettings& settings) : database_(settings) {}
  Database& connection() { return database_; }

  // Throws DatabaseError::Kind::refused if there is no schema, or one of another version, with what to do.
  StoreState state();
  // Returns the mark of that change; nothing if the database does not know it (any more).
  std::optional<std::string> mark(std::int64_t sequence);

  std::vector<std::string> domains();
  std::optional<DomainRow> domain(const canon::DomainName& domain);
  // The domains that changed after that change, with their keys, in the order of their sequences. All of it is one
  // snapshot.
  std::vector<DomainRow> changed_since(std::int64_t sequence, int most);

  // The next two belong into one transaction (connection().begin()).
  // Takes the domain's lock until the transaction ends, then reads it.
  std::optional<DomainRow> lock_domain(const canon::DomainName& domain);
  // Replaces manifest and keys of one domain (keys: all that it is to have) and returns the sequence of the change. The
  // store's row is locked from here on until the transaction ends, which makes the order of sequences that of the commits. Notifies.
  std::int64_t put_domain(const canon::DomainName& domain, const std::string& manifest,
                          const std::vector<KeyRow>& keys);

  std::vector<SignerRow> signers();
  std::vector<RefusedRow> refusals();
  // Registers this machine, or lets it come back. Its lease is over and nothing is applied.
  void join(const std::string& host);
  // Before the machine's own lease is written: what it may sign until.
  void grant_lease(const std::string& host, crypto::UtcTime end);
  // What the machine holds now.
  void report(const SignerRow& signer);
  void refuse(const std::string& host, const std::string& domain, const std::string& reason);
  void accept(const std::string& host, const std::string& domain);
  // Throws DatabaseError if there is no such machine.
  void leave(const std::string& host);

  // For reseal: up to `most` keys that are sealed with another key than that number, locked for this transaction.
  std::vector<std::pair<std::string, KeyRow>> sealed_otherwise(int number, int most);
  void put_sealed(const std::string& domain, const KeyRow& key);
  void add_sealing_key(int number, const std::string& fingerprint);

 private:
  Database database_;
};

}  // namespace dkim::keytool::fleet
