// One look at a record by the servers of its zone, and of those that CNAMEs lead to.
//
// Called by keytool/dns/observation.
#pragma once

#include <set>
#include <string>

#include "keytool/dns/deadline.hpp"
#include "keytool/dns/observation.hpp"

namespace dkim::keytool {

// Asks every server, some at a time. The name ends with a dot. Addresses in `silent` are not asked, and those
// that do not answer are added to it.
Observation look_at_servers(DnsClient& resolver, const std::string& name, const crypto::KeyRecord& expected,
                            std::set<std::string>& silent, Observer::Misplaced misplaced,
                            const Deadline& deadline);

}  // namespace dkim::keytool
