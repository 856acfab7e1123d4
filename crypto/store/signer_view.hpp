// What the machines of a fleet hold of one domain. A store of one machine has no signers to wait for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/utc_time.hpp"

namespace dkim::crypto {

// A machine that does not hold the domain's current state, and may sign by an older one.
struct LaggingSigner {
  std::string host;
  // Its last contact with the database; nothing if it never had one.
  std::optional<UtcTime> last_seen = {};
  // Until when it may sign without another contact (crypto/store/lease). Nothing: it has no copy yet.
  std::optional<UtcTime> lease_end = {};
  // A person has said that it will not come back (dkimkey fleet leave).
  bool left = false;
  // Why it refuses the domain, in its own words, if it does.
  std::string refusal = {};
};

struct SignerView {
  // Whether the store is a fleet's at all, and a machine that is not named here is known to hold the state.
  bool is_fleet = false;
  // In the order of their names.
  std::vector<LaggingSigner> behind = {};
};

}  // namespace dkim::crypto
