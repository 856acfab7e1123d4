// Do names and addresses lead to each other: the reverse DNS of the addresses that this host sends from, the
// name that it gives itself, and where mail to the domain goes.
#pragma once

#include <string>
#include <vector>

#include "keytool/dns/lookup.hpp"
#include "keytool/doctor/findings/finding.hpp"

namespace dkim::keytool {

// PTR and back (forward-confirmed reverse DNS), IPv4 and IPv6; and, where helo is given, that it leads to
// each address. No addresses: unknown.
Findings check_reverse(Lookup& lookup, const std::vector<std::string>& addresses, const std::string& helo);

// MX, or an address in its place (RFC 5321 §5.1); a null MX (RFC 7505).
Findings check_receiving(Lookup& lookup, const std::string& domain);

}  // namespace dkim::keytool
