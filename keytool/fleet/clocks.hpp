// Whether the clocks of this machine and of the database agree: leases end by the one, and the other machines
// reckon with them by the other. Pure.
#pragma once

#include <string>

#include "crypto/utc_time.hpp"

namespace dkim::keytool::fleet {

// there: the database's time, which was asked for between the other two.
bool do_clocks_differ(crypto::UtcTime before, crypto::UtcTime there, crypto::UtcTime after);

// "the clocks differ: it is ... here, and ... in the database"
std::string clocks_text(crypto::UtcTime here, crypto::UtcTime there);

}  // namespace dkim::keytool::fleet
