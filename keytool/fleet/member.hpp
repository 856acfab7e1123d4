// How a machine becomes a member of a fleet: it gets its name there, a lease, and .fleet in its key
// directory.
//
// The name is taken, the lease granted and both files written before the database's transaction ends. So a
// machine that signs already does so throughout, nobody else gets the name meanwhile, and one that is killed
// on the way finds .fleet here, and goes on from there when the command is given again.
//
// Failures are DatabaseError, and StoreError for what is in the way here.
#pragma once

#include <optional>
#include <string>

#include "crypto/store/key_store.hpp"
#include "crypto/store/membership.hpp"
#include "keytool/fleet/comparison.hpp"
#include "keytool/fleet/fleet_database.hpp"
#include "keytool/fleet/fleet_settings.hpp"

namespace dkim::keytool::fleet {

enum class Name {
  free,  // it must be nobody's
  ours,  // a person says that the machine of that name is this one, installed again
};

// Returns this machine's membership if its key directory has one. Throws StoreError if it is another fleet's,
// or under another name than fleet.conf has.
std::optional<crypto::Membership> own_membership(const crypto::KeyStore& store, const FleetSettings& settings,
                                                 const StoreState& state);

// Takes the name for a machine that is about to become a member, in its own transaction, so that rotation
// waits for it: it has keys that are the fleet's from now on. It has no lease, by which become_member() knows
// such a machine. Throws StoreError if the name is another machine's.
void announce(const std::string& host, FleetDatabase& database, Name name);

// stamps: of the key directory when it was compared; it must not have been changed since. Throws StoreError
// if the name is another machine's.
void become_member(const crypto::KeyStore& store, const FleetSettings& settings, FleetDatabase& database,
                   const StoreState& state, Name name, const StoreStamps& stamps);

// Throws StoreError if fleet.conf has another name than .fleet: this machine may be a clone, and two machines
// under one name would be taken for one.
void require_own_name(const crypto::Membership& membership, const FleetSettings& settings);

enum class Resumed { as_it_was, anew };

// For a machine that has .fleet: makes sure that the database knows it, and lets it come back if it had left.
// Throws StoreError if another machine seems to use this one's name, unless the name is ours; then this one
// was put back in time: its copy begins at nothing, and it does not sign before all of that was compared.
Resumed resume_membership(const crypto::KeyStore& store, const crypto::Membership& membership,
                          FleetDatabase& database, Name name);

}  // namespace dkim::keytool::fleet
