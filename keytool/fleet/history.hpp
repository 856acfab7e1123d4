// Whether the fleet's database is the one that this machine's copy came from, and has not gone back in time
// since: it was restored from a backup, or a standby was promoted that had not got everything.
//
// The copy names the last change that it has, by number and by the random mark that the database gave to it.
// A database that went back does not know the number, or has given it to another change since.
#pragma once

#include <string>

#include "crypto/store/membership.hpp"
#include "keytool/fleet/fleet_database.hpp"

namespace dkim::keytool::fleet {

struct History {
  enum class Kind {
    same,
    other_fleet,  // another database than this machine's
    went_back,
  };
  Kind kind = Kind::same;
  std::string what;  // for a person; empty if it is the same
  // The database has later changes, and no mark of the copy's last one: it deletes those that every machine
  // has.
  bool mark_is_gone = false;
};

// state: as the database has just given it.
History compare_history(FleetDatabase& database, const StoreState& state,
                        const crypto::Membership& membership);

struct OwnHistory {
  crypto::Membership membership;
  StoreState state;
  History history;
};

// Compares the database with this machine's copy, which the agent may bring further meanwhile: the mark of
// before may then be gone, so the copy is looked at again. Returns nothing if it belongs to no fleet.
std::optional<OwnHistory> compare_own_history(FleetDatabase& database, const crypto::KeyStore& files);

}  // namespace dkim::keytool::fleet
