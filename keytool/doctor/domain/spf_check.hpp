// Checks a domain's SPF record (RFC 7208) as receivers of this host's mail will. A question without an answer
// gives a finding of severity unknown.
#pragma once

#include <string>
#include <vector>

#include "canon/ip_address.hpp"
#include "keytool/dns/lookup.hpp"
#include "keytool/doctor/findings/finding.hpp"

namespace dkim::keytool {

struct SpfCheck {
  std::string domain;                       // of MAIL FROM
  std::vector<canon::IpAddress> addresses;  // that this host sends from; empty: not known
  std::string relay;  // a host name or address whose addresses count instead of ours; or empty
  std::string helo;
  bool others_unknown = false;  // it sends from further addresses, which are not known
};

// Returns findings of topic "spf".
Findings check_spf(Lookup& lookup, const SpfCheck& check);

}  // namespace dkim::keytool
