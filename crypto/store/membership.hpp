// What makes a key directory a copy that belongs to a fleet: two small files of libconfig text in it,
// replaced whole by rename(2), written by dkimkey and read by both programs.
//
//   DIRECTORY/.fleet   which fleet it is, this machine's name there, and how far the copy goes
//   DIRECTORY/.lease   until when this machine may sign without another contact
//
// The lease makes it safe to empty the record of a key that a lost machine still has: once the lease is over,
// the machine stops signing. It is counted from before the contact by which it was granted, and the
// database knows of it before this file does.
//
// Failures are StoreError; SettingsError for content.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/store/key_store.hpp"
#include "crypto/utc_time.hpp"

namespace dkim::crypto {

struct Membership {
  std::string fleet;  // the store's identity, a UUID
  std::string host;   // this machine's name in the fleet
  // The copy has all changes up to this one. mark: the random name that the database gave to this change, by
  // which a database that went back in time is found out.
  std::int64_t sequence = 0;
  std::string mark;
  UtcTime contact;  // when the database was last seen to have nothing newer

  bool operator==(const Membership&) const = default;
};

std::filesystem::path membership_path(const KeyStore& store);
std::filesystem::path lease_path(const KeyStore& store);

// Returns whether the text is a UUID, in lower case: of a fleet, or the mark of a change.
bool is_uuid(std::string_view text);

// Returns whether a machine may have this name in a fleet: 1 to 253 letters, digits, ".", "-" and "_".
bool is_fleet_host(std::string_view text);

// Returns nothing if the key directory belongs to no fleet.
std::optional<Membership> read_membership(const KeyStore& store);
void write_membership(const KeyStore& store, const Membership& membership);

// Returns whether the last contact is so long ago that a person should look: a day. The agent has one every
// few minutes at most.
bool is_contact_overdue(const Membership& membership, UtcTime now);

// Returns nothing if there is no lease, and so no end.
std::optional<UtcTime> read_lease(const KeyStore& store);
void write_lease(const KeyStore& store, UtcTime end);

// Removes both files, the lease last: a machine that is killed between the two does not sign without an end.
void end_membership(const KeyStore& store);

}  // namespace dkim::crypto
