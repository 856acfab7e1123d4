// From which addresses this host sends: what receivers look up in SPF and PTR.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keytool/doctor/findings/finding.hpp"
#include "keytool/doctor/postfix/postfix_settings.hpp"

namespace dkim::keytool {

// Returns true for an address that others on the Internet can see mail come from
// (canon/special_networks.hpp).
bool is_public_address(const std::string& text);

// Those that Postfix is told to send from, else those that the kernel would use towards the Internet, of the
// families that inet_protocols allows. Sends nothing. May be private.
std::vector<std::string> sending_addresses(const PostfixSettings* settings);

// What of these addresses is not what others see; nothing if all are public.
std::optional<Finding> hidden_addresses(const std::vector<std::string>& sending);

}  // namespace dkim::keytool
