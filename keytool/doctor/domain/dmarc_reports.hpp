// Do the domains that DMARC reports go to agree to take them (RFC 9989 §11.6; RFC 9990 has the mechanism)?
// Called by dmarc_check.
#pragma once

#include "keytool/dns/lookup.hpp"
#include "keytool/doctor/domain/organizational_domain.hpp"
#include "keytool/doctor/findings/finding.hpp"

namespace dkim::keytool {

// Findings of topic "dmarc", none where all agree. The walk is that from the domain of From:, the record the
// one that applies to it. Looks at a handful of domains.
Findings check_report_addresses(Lookup& lookup, const TreeWalk& walk, const FoundDmarcRecord& found);

}  // namespace dkim::keytool
