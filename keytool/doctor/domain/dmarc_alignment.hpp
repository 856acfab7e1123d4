// Do the domains that are authenticated count for that of From: (RFC 9989 §4.4, §4.10.2)? Called by
// dmarc_check.
#pragma once

#include <string>
#include <vector>

#include "keytool/dns/lookup.hpp"
#include "keytool/doctor/domain/organizational_domain.hpp"
#include "keytool/doctor/findings/finding.hpp"

namespace dkim::keytool {

struct AuthenticatedDomains {
  std::vector<std::string> signing;   // d=; empty: not known
  std::vector<std::string> envelope;  // of MAIL FROM, as SPF checks it
  bool is_enforced = false;           // does mail that fails suffer?
};

// Findings of topic "dmarc", none where both align. The walk is that from the domain of From:, and the record
// the one that applies to it.
Findings check_alignment(Lookup& lookup, const TreeWalk& walk, const DmarcRecord& record,
                         const AuthenticatedDomains& domains);

}  // namespace dkim::keytool
