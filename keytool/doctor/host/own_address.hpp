// Finds the addresses that this host sends from: receivers look them up in SPF and PTR. Sends nothing, and
// never fails.
#pragma once

#include <optional>
#include <vector>

#include "canon/ip_address.hpp"
#include "keytool/doctor/findings/finding.hpp"
#include "keytool/doctor/postfix/postfix_settings.hpp"

namespace dkim::keytool {

// Returns true for an address from which other hosts can receive mail (canon/special_networks.hpp).
bool is_public_address(const canon::IpAddress& address);

// Returns the addresses that Postfix is configured to send from, or else those that the kernel would use
// towards the Internet, of the families that inet_protocols allows. They may be private.
std::vector<canon::IpAddress> sending_addresses(const PostfixSettings* settings);

// Reports which of these addresses others do not see; returns nothing if all are public.
std::optional<Finding> hidden_addresses(const std::vector<canon::IpAddress>& sending);

}  // namespace dkim::keytool
