// A domain's SPF record (RFC 7208) as receivers of this host's mail will take it.
#pragma once

#include <string>
#include <vector>

#include "keytool/dns/lookup.hpp"
#include "keytool/doctor/findings/finding.hpp"

namespace dkim::keytool {

struct SpfCheck {
  std::string domain;                  // of MAIL FROM
  std::vector<std::string> addresses;  // that this host sends from; empty: not known
  std::string relay;                   // a host name or address; then its addresses count, not ours
  std::string helo;
  bool others_unknown = false;  // it sends from more than these, which are not known
};

Findings check_spf(Lookup& lookup, const SpfCheck& check);

}  // namespace dkim::keytool
