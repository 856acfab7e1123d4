// One pass of a fleet's agent: brings this machine's copy up to what the database has, and tells the database
// what this machine holds, what it refuses and until when it may sign.
//
// The order makes a kill at any instant harmless: the files of a batch, then what was refused (in the
// database), then the copy's sequence (.fleet), then the report. So the database never believes that this
// machine holds what it does not, and nothing is left out. A lease is known to the database before this
// machine uses it.
//
// One thread. Failures are DatabaseError for the database, which includes that it does not know this machine
// or was told that it left; StoreError and KeyFileError for this machine. Then the copy's sequence stays
// where it is, and the next pass goes on from there.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crypto/keys/sealing_keys.hpp"
#include "crypto/store/key_store.hpp"
#include "crypto/store/membership.hpp"
#include "crypto/utc_time.hpp"
#include "keytool/fleet/copy_turn.hpp"
#include "keytool/fleet/copy_writer.hpp"
#include "keytool/fleet/fleet_database.hpp"
#include "keytool/fleet/fleet_settings.hpp"

namespace dkim::keytool::fleet {

// The name under which a machine that refuses the whole database stands among the refusals.
constexpr const char* every_domain = "*";

struct SyncResult {
  enum class Outcome {
    complete,     // the copy has everything, except for domains that are refused
    stopped,      // because go_on said so; the rest follows
    went_back,    // the database did: nothing was applied, and a person has to choose (keytool/fleet/keep)
    other_fleet,  // it is another fleet's: nothing was applied
  };
  Outcome outcome = Outcome::complete;
  std::string trouble;  // what a person has to be told; empty for the first two

  std::int64_t applied = 0;  // the last change that the copy has
  std::int64_t newest = 0;   // the last change that the database has
  std::size_t written = 0;   // how many domains this pass has written
  std::size_t refused = 0;   // how many domains this machine refuses
  crypto::UtcTime contact;   // when the copy was last known to have everything
  // When the first change that the copy does not have was made; nothing: it has all of them.
  std::optional<crypto::UtcTime> behind_since;
  std::optional<crypto::UtcTime> lease_end;
  // Why this machine's lease was not renewed, although the database was asked; otherwise empty.
  std::string no_lease;
};

class SyncPass {
 public:
  struct Surroundings {
    std::function<crypto::UtcTime()> now;
    // Called after each batch, with what has been done so far; false: the pass ends early.
    std::function<bool(const SyncResult&)> go_on;
    // Told of each domain that is refused now, was not before, or is refused for another reason.
    std::function<void(const std::string& domain, const std::string& reason)> refused;
  };

  // version: of this program, which the database shows.
  SyncPass(crypto::KeyStore store, FleetSettings settings, std::string version, Surroundings surroundings);

  // The next pass is the first one of a connection.
  void begin_connection();
  // Throws NoMember if the key directory belongs to no fleet; StoreError if this machine has another name in
  // it than fleet.conf says.
  SyncResult run(FleetDatabase& database);

 private:
  struct Pass;  // what one pass works with

  void begin(Pass& pass);
  static bool has_reported_more(const Pass& pass, const std::optional<SignerRow>& row);
  void look_at_own_row(Pass& pass);
  void apply(Pass& pass);
  // Into the copy.
  std::vector<RowOutcome> write(Pass& pass, const std::vector<DomainRow>& rows);
  void judge_outcomes(Pass& pass, const std::vector<DomainRow>& rows,
                      const std::vector<RowOutcome>& outcomes);
  void retry_refused(Pass& pass);
  std::size_t retry_some(Pass& pass, std::size_t most);
  // Some domains each minute, in turn: what was removed or replaced here by hand is brought back.
  void check_copy(Pass& pass);
  bool keep_newer(Pass& pass, const DomainRow& row);
  bool is_newer_here(const DomainRow& row) const;
  bool is_refused_as_older(const DomainRow& row) const;
  void renew_lease(Pass& pass);
  void end_absence(Pass& pass);
  bool may_sign(const Pass& pass) const;
  // Moves the copy's sequence, on disk and in the database.
  void move_to(Pass& pass, std::int64_t sequence, const std::string& mark);
  void note_contact(Pass& pass);
  void report(Pass& pass, std::int64_t applied);
  void report_distrust(Pass& pass);
  void read_refusals(Pass& pass);

  const crypto::KeyStore store_;
  const FleetSettings settings_;
  const std::string version_;
  const Surroundings surroundings_;

  // What this machine refuses, with the reasons, as the database has it.
  std::map<std::string, std::string> refused_;
  std::string last_tried_;
  std::optional<crypto::UtcTime> tried_at_;
  std::string last_checked_;
  std::optional<crypto::UtcTime> checked_at_;
  std::optional<std::int64_t> reported_;
  std::optional<crypto::UtcTime> reported_at_;
  std::optional<crypto::UtcTime> renewed_at_;
};

}  // namespace dkim::keytool::fleet
