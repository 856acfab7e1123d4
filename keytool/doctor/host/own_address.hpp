// From which addresses this host sends: what receivers look up in SPF and PTR.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keytool/doctor/findings/finding.hpp"
#include "keytool/doctor/postfix/postfix_settings.hpp"

namespace dkim::keytool {

// IPv4 or IPv6, without brackets.
bool is_address(const std::string& text);

// An address that others see mail come from: not of a private network, loopback, link-local, a provider's
// NAT (RFC 6598) or documentation.
bool is_public_address(const std::string& text);

// Those that Postfix is told to send from, else those that the kernel would use towards the Internet, of the
// families that inet_protocols allows. Sends nothing. May be private.
std::vector<std::string> sending_addresses(const PostfixSettings* settings);

// What of these addresses is not what others see; nothing if all are public.
std::optional<Finding> hidden_addresses(const std::vector<std::string>& sending);

}  // namespace dkim::keytool
