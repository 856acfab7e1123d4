// A change whose COMMIT got no answer: whether it was made is in the database.
#pragma once

#include <string>

#include "canon/domain_name.hpp"
#include "keytool/fleet/database_pool.hpp"

namespace dkim::keytool::fleet {

struct UncertainChange {
  canon::DomainName domain;
  std::string manifest;
  Change change;
};

// Connects again, for up to half a minute, and returns if the change was made. Throws DatabaseError:
// unreachable if it was not, unknown if that cannot be found out; the message says which. doubt: what came in
// place of the answer.
void find_out(DatabasePool& pool, const UncertainChange& change, const DatabaseError& doubt);

}  // namespace dkim::keytool::fleet
