// dkimkey fleet join: makes this machine's key directory a copy of the fleet's keys, and brings it up to date
// for the first time. The directory must be empty, or have nothing that the fleet has otherwise or does not
// have.
//
// Killed anywhere, the command is given again and goes on.
//
// Failures are DatabaseError; StoreError, KeyFileError and SealError for this machine.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "crypto/store/key_store.hpp"
#include "keytool/fleet/comparison.hpp"
#include "keytool/fleet/fleet_database.hpp"
#include "keytool/fleet/fleet_settings.hpp"
#include "keytool/fleet/member.hpp"
#include "keytool/fleet/sync_pass.hpp"

namespace dkim::keytool::fleet {

// How long work is shown: how many of how many domains are done.
using Progress = std::function<void(std::size_t, std::size_t)>;

struct JoinRequest {
  std::string version;  // of this program
  Name name = Name::free;
  // The fleet's state replaces what differs here, and what only this machine has is destroyed.
  bool take_fleet = false;
  Progress progress;
  // Told of each domain that this machine cannot take, and why.
  std::function<void(const std::string&, const std::string&)> refused;
};

struct JoinResult {
  bool joined = false;    // false: because of the next two
  Comparison comparison;  // what differs, or did with take_fleet
  SyncResult sync;        // of the first pass, if it joined
  std::vector<canon::DomainName> removed;
};

JoinResult join(const crypto::KeyStore& store, const FleetSettings& settings, FleetDatabase& database,
                const JoinRequest& request);

// The last part of it, for a machine that has .fleet: brings the copy up to date.
SyncResult first_sync(const crypto::KeyStore& store, const FleetSettings& settings, FleetDatabase& database,
                      const JoinRequest& request);

}  // namespace dkim::keytool::fleet
