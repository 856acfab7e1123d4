// Is this message ours to sign? Decided at MAIL from who hands it in; as whom to sign follows later from
// its From: field (crypto/signatures/identity).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "milter/client_address.hpp"
#include "milter/config.hpp"

namespace dkim::milter {

// Looks up a macro of the MTA by the name libmilter knows it by; nothing if the MTA did not send it.
using MacroLookup = std::function<std::optional<std::string_view>(const char* name)>;

// The first that fits: a local or UNIX connection or an address in trusted_networks, an authenticated
// client, a macro listed in the configuration. An unknown address family is never trusted.
bool is_ours(const Config& config, const ClientAddress& client, const MacroLookup& macro);

}  // namespace dkim::milter
