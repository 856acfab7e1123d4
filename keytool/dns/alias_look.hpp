// Looks once at the CNAME of a slot, on every server of the domain's own zone. Reports what cannot be asked
// in the observation; throws nothing of its own.
#pragma once

#include <set>
#include <string>

#include "keytool/dns/alias_check.hpp"
#include "keytool/dns/deadline.hpp"
#include "keytool/dns/observation.hpp"

namespace dkim::keytool {

// Asks every server, several at a time, and those of further names if a CNAME does not lead to the target
// directly. Skips the addresses in `silent`: they count as without an answer.
AliasObservation look_at_alias(DnsClient& resolver, const RecordPlace& place,
                               const std::set<std::string>& silent, Observer::Misplaced misplaced,
                               const Deadline& deadline);

// Asks the resolver alone.
AliasObservation ask_for_alias(DnsClient& resolver, const RecordPlace& place, const Deadline& deadline);

}  // namespace dkim::keytool
