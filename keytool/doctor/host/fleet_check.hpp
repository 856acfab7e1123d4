// Judges how this machine does in its fleet: whether the database answers and is the right one, whether this
// machine's copy has everything, and for which machines rotations wait. Mail does not depend on any of it
// until the lease ends, which is another check.
//
// The facts are gathered by commands/fleet_facts; nothing here asks the database.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "crypto/utc_time.hpp"
#include "keytool/doctor/findings/finding.hpp"

namespace dkim::keytool {

struct FleetFacts {
  std::string host;  // this machine's name in the fleet
  crypto::UtcTime contact;
  // Why this machine's part in a fleet is not known, and whether that is because this user may not see it;
  // empty if it is known.
  std::string unknown;
  bool is_denied = false;
  std::filesystem::path membership_file;
  // Why the database could not be asked; empty if it could.
  std::string trouble;
  // It is another fleet's, or went back in time; empty if neither.
  std::string wrong_database;
  // Whether this machine left, or the database does not know it.
  bool is_unknown = false;
  std::int64_t lag = 0;     // how many changes this machine's copy lacks
  std::size_t refused = 0;  // domains that this machine refuses
  std::size_t others = 0;   // machines
  // The names of other machines that lag, are silent or refuse something.
  std::vector<std::string> lagging;
};

Findings check_fleet(const FleetFacts& facts, crypto::UtcTime now);

}  // namespace dkim::keytool
