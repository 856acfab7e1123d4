// Which host Postfix hands mail to, where it does not deliver directly: postconf(5), relayhost.
#pragma once

#include <string>
#include <string_view>

#include "keytool/doctor/postfix/postfix_settings.hpp"

namespace dkim::keytool {

// The first host of a relayhost setting: "[smtp.example.net]:587" is "smtp.example.net".
std::string relay_name(std::string_view relayhost);

// The host that mail to elsewhere goes by, from default_transport or relayhost; empty: it goes directly.
std::string relay_of(const PostfixSettings& settings);

}  // namespace dkim::keytool
