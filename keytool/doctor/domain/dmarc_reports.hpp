// Checks whether the domains that DMARC reports go to agree to receive them (RFC 9989 §11.6; RFC 9990 has the
// mechanism). A question without an answer gives a finding of severity unknown.
#pragma once

#include "keytool/dns/lookup.hpp"
#include "keytool/doctor/domain/organizational_domain.hpp"
#include "keytool/doctor/findings/finding.hpp"

namespace dkim::keytool {

// Returns findings of topic "dmarc", none if all agree. The walk starts at the author domain; the record is
// the one that applies to it. Checks a handful of domains.
Findings check_report_addresses(Lookup& lookup, const TreeWalk& walk, const FoundDmarcRecord& found);

}  // namespace dkim::keytool
