// Finds the host that Postfix hands mail to if it does not deliver directly: postconf(5), relayhost. Pure.
#pragma once

#include <string>
#include <string_view>

#include "keytool/doctor/postfix/postfix_settings.hpp"

namespace dkim::keytool {

// Returns the first host of a relayhost setting: "smtp.example.net" for "[smtp.example.net]:587".
std::string relay_name(std::string_view relayhost);

// Returns the host that mail to other hosts goes through, from default_transport or relayhost; empty if it
// goes directly.
std::string relay_of(const PostfixSettings& settings);

}  // namespace dkim::keytool
