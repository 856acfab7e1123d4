// Decides at MAIL, from the client, whether a message is ours to sign. As whom to sign it follows later from
// its From: field (crypto/signatures/identity).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "milter/client_address.hpp"
#include "milter/config.hpp"

namespace dkim::milter {

// Looks up a macro of the MTA by the name that libmilter uses; returns nothing if the MTA did not send it.
using MacroLookup = std::function<std::optional<std::string_view>(const char* name)>;

// Returns true for a client on a local or UNIX connection or in trusted_networks, for an authenticated
// client, and if a macro marks the message as the configuration says. An unknown address family is never
// trusted.
bool is_ours(const Config& config, const ClientAddress& client, const MacroLookup& macro);

// Returns the login of a client that has authenticated itself to the MTA; empty if the MTA does not name it.
std::optional<std::string> login_of(const MacroLookup& macro);

}  // namespace dkim::milter
