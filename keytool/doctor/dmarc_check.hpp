// A domain's DMARC policy (RFC 7489), and whether what this host sends and signs aligns with it.
#pragma once

#include <string>
#include <vector>

#include "keytool/dns/lookup.hpp"
#include "keytool/doctor/finding.hpp"

namespace dkim::keytool {

struct DmarcCheck {
  std::string domain;                         // of From:
  std::vector<std::string> signing_domains;   // d=; empty: not known
  std::vector<std::string> envelope_domains;  // of MAIL FROM
};

Findings check_dmarc(Lookup& lookup, const DmarcCheck& check);

}  // namespace dkim::keytool
