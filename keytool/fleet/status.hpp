// What dkimkey fleet status shows: the machines of a fleet and how far each is, and the keys that are on
// their way and what each waits for.
//
// Its cost grows with the number of machines and of keys on their way, not with the number of domains; only
// the database looks through all manifests. Everything from the database is bounded, and unescaped: escape it
// to print it.
//
// Failures are DatabaseError.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crypto/store/membership.hpp"
#include "crypto/utc_time.hpp"
#include "keytool/fleet/contact.hpp"
#include "keytool/fleet/fleet_database.hpp"

namespace dkim::keytool::fleet {

struct SignerStatus {
  SignerRow row;
  SignerState state = SignerState::current;
  std::int64_t lag = 0;                      // in changes
  std::optional<crypto::UtcTime> lag_since;  // when the first change that it lacks was made
  bool is_here = false;                      // it is this machine
};

struct KeyOnItsWay {
  std::string domain;
  std::string selector;
  std::string algorithm;
  std::string state;
  std::string waits_for;
  bool is_for_machine = false;  // it waits for a machine: not for DNS or time, as every key does
};

struct FleetStatus {
  StoreState store;
  crypto::UtcTime now;  // the database's clock
  std::vector<SignerStatus> signers;
  // What machines refuse that have not left.
  std::vector<RefusedRow> refusals;
  std::vector<KeyOnItsWay> keys;
  bool is_cut = false;                  // there are more keys on their way
  std::vector<std::string> unreadable;  // domains with keys on their way whose manifest does not parse
  // This machine is a copy of this fleet, and the database has no row for it: it was restored from before the
  // machine joined. No rotation waits for it.
  bool lacks_this_machine = false;
  std::string distrust;  // why this machine takes nothing from the database; empty if it does
};

// here: this machine's membership, if it is in the fleet. drain: of this machine's configuration.
FleetStatus read_status(FleetDatabase& database, const std::optional<crypto::Membership>& here,
                        std::chrono::seconds drain);

// Pure. Returns what a key waits for, and whether that is a machine; nothing if it is not on its way.
std::optional<KeyOnItsWay> on_its_way(const std::string& domain, const crypto::KeyEntry& entry,
                                      const std::vector<crypto::LaggingSigner>& behind,
                                      std::chrono::seconds drain);

enum class FleetHealth { well, waits, refuses };
FleetHealth health_of(const FleetStatus& status);

}  // namespace dkim::keytool::fleet
