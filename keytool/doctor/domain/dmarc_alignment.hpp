// Checks whether the authenticated domains align with the author domain (RFC 9989 §4.4, §4.10.2). A question
// without an answer gives a finding of severity unknown.
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
  bool is_enforced = false;           // the policy affects mail that fails
};

// Returns findings of topic "dmarc", none if both align. The walk starts at the author domain; the record is
// the one that applies to it.
Findings check_alignment(Lookup& lookup, const TreeWalk& walk, const DmarcRecord& record,
                         const AuthenticatedDomains& domains);

}  // namespace dkim::keytool
