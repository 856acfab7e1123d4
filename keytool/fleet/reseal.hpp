// Changes the sealing key of a fleet in place: makes a new one on one machine, seals every private key in the
// database with it once all machines have it, and at last removes the old ones. Signers run meanwhile, and
// rotations go on: what a change seals from the first statement of reseal() on is sealed with the new key.
//
// Every step may be killed anywhere and given again. Failures are DatabaseError; SealError and KeyFileError
// for this machine's sealing keys; StoreError if this machine is in no fleet, or the database went back in
// time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "crypto/keys/sealing_keys.hpp"
#include "crypto/store/key_store.hpp"
#include "crypto/utc_time.hpp"
#include "keytool/fleet/fleet_database.hpp"
#include "keytool/fleet/fleet_settings.hpp"

namespace dkim::keytool::fleet {

struct PreparedKey {
  int number = 0;
  std::string fingerprint;
  bool is_new = false;  // false: it was there, and the database does not know it yet
};

// Adds a new sealing key to this machine's file.
PreparedKey prepare_reseal(const crypto::KeyStore& files, const FleetSettings& settings,
                           FleetDatabase& database);

// A machine that has not reported the new sealing key.
struct SignerWithoutKey {
  std::string host;
  bool has_another = false;  // it reported another key of that number
  std::optional<crypto::UtcTime> last_seen;
};

struct ResealResult {
  int number = 0;  // of the key that seals
  // If there are some, nothing was changed.
  std::vector<SignerWithoutKey> lacking;
  std::size_t resealed = 0;
  // Keys whose rows cannot be opened, each with the reason; the first of them.
  std::vector<std::string> damaged;
  std::size_t damaged_count = 0;
  // How many were not resealed for another reason: others were changing them all the time.
  std::size_t left = 0;
};

// progress: how many of how many are done.
ResealResult reseal(const crypto::KeyStore& files, const FleetSettings& settings, FleetDatabase& database,
                    const std::function<void(std::size_t, std::size_t)>& progress);

struct FinishResult {
  int number = 0;           // of the key that stays
  std::int64_t needed = 0;  // how many keys need older ones; if there are some, nothing was removed
  std::size_t removed = 0;  // from this machine's file
};

// Removes the older sealing keys from the database's list and from this machine's file.
FinishResult finish_reseal(const crypto::KeyStore& files, const FleetSettings& settings,
                           FleetDatabase& database);

}  // namespace dkim::keytool::fleet
