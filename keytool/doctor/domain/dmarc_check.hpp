// Checks a domain's DMARC policy as receivers find it (RFC 9989), whether what this host sends and signs
// aligns with it, and whether the requested reports can arrive. A question without an answer gives a finding
// of severity unknown.
#pragma once

#include <string>
#include <vector>

#include "keytool/dns/lookup.hpp"
#include "keytool/doctor/findings/finding.hpp"

namespace dkim::keytool {

struct DmarcCheck {
  std::string domain;                         // of From:
  std::vector<std::string> signing_domains;   // d=; empty: not known
  std::vector<std::string> envelope_domains;  // of MAIL FROM
};

// Returns findings of topic "dmarc". Asks at most 8 questions for each domain, and a few more for reports.
Findings check_dmarc(Lookup& lookup, const DmarcCheck& check);

}  // namespace dkim::keytool
