// What the fleet's tables hold, read and written in whole steps. Knows the SQL of everything but the making
// of the schema (keytool/fleet/schema).
//
// What others may have put there is bounded: a text or a key that is too long is cut, and so refused by
// whoever parses or opens it.
//
// What reads in one snapshot (domain, changed_since) does not belong into a transaction. One thread at a
// time. Failures are DatabaseError; SettingsError for a manifest that does not parse is the caller's matter:
// manifests are texts here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "canon/domain_name.hpp"
#include "crypto/keys/sealed_key.hpp"
#include "crypto/store/signer_view.hpp"
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
  // Its keys are revoked, and no machine has a directory of it.
  bool is_forgotten = false;
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

// What one change got when it was made.
struct Change {
  std::int64_t sequence = 0;
  std::string mark;
};

struct RefusedRow {
  std::string host;
  std::string domain;
  std::string reason;
};

struct PlacedKeyRow {
  std::string domain;
  KeyRow key;
};

class FleetDatabase {
 public:
  explicit FleetDatabase(const FleetSettings& settings) : database_(settings) {}
  Database& connection() { return database_; }

  // Throws DatabaseError::Kind::refused if there is no schema, or one of another version, with what to do.
  StoreState state();
  // Returns the mark of that change; nothing if the database does not know it (any more).
  std::optional<std::string> mark(std::int64_t sequence);

  // Returns those that were not forgotten. The other functions know both.
  std::vector<std::string> domains();
  std::optional<DomainRow> domain(const canon::DomainName& domain);
  // Returns the domain's manifest without reading its keys.
  std::optional<std::string> manifest(const canon::DomainName& domain);
  // The domains that changed after that change, with their keys, in the order of their sequences: the first
  // `most`, or fewer if they are large, but one at least. All of it is one snapshot.
  std::vector<DomainRow> changed_since(std::int64_t sequence, int most);
  // Reads the domains behind that name in the same way, in the order of their names.
  std::vector<DomainRow> domains_behind(const std::string& name, int most);

  // When the first change after that one was made; nothing if there is none. For how far behind a signer is.
  std::optional<crypto::UtcTime> changed_after(std::int64_t sequence);
  // The server's clock.
  crypto::UtcTime now();

  // The next two belong in one transaction (connection().begin()). If it changes several domains, it locks
  // all of them before the first put, or two could deadlock.
  //
  // Takes the domain's lock until the transaction ends, then reads it. Its keys are locked, too: reseal
  // waits.
  std::optional<DomainRow> lock_domain(const canon::DomainName& domain);
  // Replaces manifest and keys of one domain (keys: all that it is to have). The store's row is locked from
  // here on until the transaction ends, which makes the order of sequences that of the commits. Notifies.
  Change put_domain(const canon::DomainName& domain, const std::string& manifest,
                    const std::vector<KeyRow>& keys, bool is_forgotten = false);

  // The domains that have pending or retiring keys, and then those that have revoked ones and changed after
  // that change; without their keys.
  std::vector<DomainRow> unsettled(std::int64_t sequence, int most);

  std::vector<SignerRow> signers();
  // Throws DatabaseError if the machine has left, or is not known.
  void require_member(const std::string& host);
  // Returns host, applied, last_seen, lease_end and left of one machine, and nothing else.
  std::optional<SignerRow> signer(const std::string& host);
  std::vector<RefusedRow> refusals();
  std::vector<RefusedRow> refusals_of(const std::string& host);
  // The machines that do not hold the domain's present state, or refuse it. A machine that left is among
  // them as long as it may still sign.
  std::vector<crypto::LaggingSigner> behind(const canon::DomainName& domain);
  // Registers this machine, or lets it come back. Nothing is applied then.
  void join(const std::string& host);
  // Registers a machine that was never in the fleet, or had only announced itself. Returns false if another
  // one has its name, and is in the fleet or may still sign.
  bool join_new(const std::string& host);
  // Makes a row for a machine of this fleet that has none: the database was restored from before it joined.
  // held: until when it may sign.
  void remember(const std::string& host, std::optional<crypto::UtcTime> held);
  // Before the machine's own lease is written: what it may sign until.
  // Never shortens what was granted. Throws DatabaseError::Kind::refused if the machine is not in the fleet
  // (any more). held: the lease that the machine has; a database that does not know it has lost those of the
  // others, too, and takes each for as long as it can be. lease: how long one is.
  void grant_lease(const std::string& host, crypto::UtcTime end, std::optional<crypto::UtcTime> held,
                   std::chrono::seconds lease);
  // What the machine holds now: version, applied and sealing_keys. Throws as grant_lease() does.
  void report(const SignerRow& signer);
  void refuse(const std::string& host, const std::string& domain, const std::string& reason);
  void accept(const std::string& host, const std::string& domain);
  // Throws DatabaseError if there is no such machine.
  void leave(const std::string& host);

  // For reseal. Up to `most` keys that are sealed with another key than that number, in the order of their
  // places and behind that place, locked for this transaction. Leaves out what another transaction is
  // changing, so that nobody waits for another in a circle.
  std::vector<PlacedKeyRow> sealed_otherwise(int number, const PlacedKeyRow& after, int most);
  std::int64_t count_sealed_otherwise(int number);
  // The first domains behind that one that have such a key.
  std::vector<std::string> domains_sealed_otherwise(int number, const std::string& after, int most);
  void put_sealed(const std::string& domain, const KeyRow& key);
  // Throws DatabaseError if the fleet has another one of that number; that it has this one is no error.
  void add_sealing_key(int number, const std::string& fingerprint);
  // Throws DatabaseError if a key still needs one of them.
  void remove_sealing_keys_below(int number);

 private:
  // Runs it in one snapshot.
  template <typename Read>
  auto in_snapshot(Read read);
  // lock: what follows the statement that reads the keys.
  std::optional<DomainRow> read_domain(const canon::DomainName& domain, std::string_view lock);
  // By a column that has no value twice, in its order.
  std::vector<DomainRow> read_behind(std::string_view column, const Parameter& value, int most);
  void put_keys(const std::string& domain, const std::vector<KeyRow>& keys);
  void remove_old_marks();
  std::vector<RefusedRow> refusals_where(std::string_view condition,
                                         const std::vector<Parameter>& parameters);
  void lengthen_other_leases(const std::string& host, std::chrono::seconds lease);

  Database database_;
};

}  // namespace dkim::keytool::fleet
