// Looks once at a record, as served by its zone's servers and by the servers of every zone that CNAMEs lead
// to. Reports what cannot be asked in the Observation; throws nothing of its own.
#pragma once

#include <set>
#include <string>

#include "keytool/dns/deadline.hpp"
#include "keytool/dns/observation.hpp"

namespace dkim::keytool {

// Asks every server, several at a time. The name ends with a dot. Skips the addresses in `silent`: they count
// as without an answer.
Observation look_at_servers(DnsClient& resolver, const std::string& name, const crypto::KeyRecord& expected,
                            const std::set<std::string>& silent, Observer::Misplaced misplaced,
                            const Deadline& deadline);

}  // namespace dkim::keytool
