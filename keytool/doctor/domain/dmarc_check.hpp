// A domain's DMARC policy as receivers find it (RFC 9989), whether what this host sends and signs aligns with
// it, and whether the reports that it asks for can come.
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

// Of topic "dmarc". Asks 8 questions for each domain at most, and a few more for reports.
Findings check_dmarc(Lookup& lookup, const DmarcCheck& check);

}  // namespace dkim::keytool
