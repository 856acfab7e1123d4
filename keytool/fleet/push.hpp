// dkimkey fleet push: takes the domains of this machine's key directory into the fleet, and makes it a
// member.
//
// A domain that the fleet does not have is taken in; one that is equal on both sides is left as it is; one
// that differs is named and left, unless a person has named it. Only when nothing differs any more does the
// machine become a member. Killed anywhere, the command is given again and goes on.
//
// Failures are DatabaseError; StoreError, KeyFileError and SealError for this machine.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "crypto/store/key_store.hpp"
#include "keytool/fleet/comparison.hpp"
#include "keytool/fleet/fleet_database.hpp"
#include "keytool/fleet/fleet_settings.hpp"
#include "keytool/fleet/join.hpp"

namespace dkim::keytool::fleet {

struct PushRequest {
  // Whose state here replaces the fleet's.
  std::vector<canon::DomainName> replace;
  JoinRequest join;
};

struct PushResult {
  std::size_t pushed = 0;
  std::size_t equal = 0;
  std::vector<DomainDifference> replaced;  // with what the fleet had otherwise
  std::vector<DomainDifference> differing;
  // Domains that cannot be read here, with the reasons.
  std::vector<std::pair<std::string, std::string>> unreadable;
  bool joined = false;  // false: because of the last two
  // The fleet waits for this machine from the first change on, even if it never gets any further.
  bool announced = false;
  SyncResult sync;
};

PushResult push(const crypto::KeyStore& store, const FleetSettings& settings, FleetDatabase& database,
                const PushRequest& request);

}  // namespace dkim::keytool::fleet
