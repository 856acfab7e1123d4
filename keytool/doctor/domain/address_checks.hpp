// Checks whether names and addresses lead to each other: the reverse DNS of the addresses that this host
// sends from, the name that it gives itself, and where mail to the domain goes. A question without an answer
// gives a finding of severity unknown.
#pragma once

#include <string>
#include <vector>

#include "canon/ip_address.hpp"
#include "keytool/dns/lookup.hpp"
#include "keytool/doctor/findings/finding.hpp"

namespace dkim::keytool {

// Checks each address's PTR and the way back (forward-confirmed reverse DNS) for IPv4 and IPv6, and, if
// `helo` is given, whether it leads to each address.
Findings check_reverse(Lookup& lookup, const std::vector<canon::IpAddress>& addresses,
                       const std::string& helo);

// Checks the MX, or an address in its place (RFC 5321 §5.1), and for a null MX (RFC 7505).
Findings check_receiving(Lookup& lookup, const std::string& domain);

}  // namespace dkim::keytool
