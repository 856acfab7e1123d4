#include "milter/sign_policy.hpp"

#include <algorithm>

namespace dkim::milter {
namespace {

bool is_trusted_client(const Config& config, const ClientAddress& client) {
  if (client.is_local()) return true;
  const auto& address = client.ip();
  if (!address) return false;
  return std::any_of(config.trusted_networks.begin(), config.trusted_networks.end(),
                     [&](const canon::Network& network) { return network.contains(*address); });
}

bool is_marked(const TrustedMacro& wanted, const MacroLookup& macro) {
  const auto value = macro(wanted.name.c_str());
  if (!value || value->empty()) return false;
  return wanted.values.empty() ||
         std::find(wanted.values.begin(), wanted.values.end(), *value) != wanted.values.end();
}

bool is_authenticated(const MacroLookup& macro) {
  const auto type = macro("{auth_type}");
  return type && !type->empty();
}

}  // namespace

// An MTA that names the login, but was told to leave out how the client logged in, is believed, too.
std::optional<std::string> login_of(const MacroLookup& macro) {
  const auto name = macro("{auth_authen}");
  if (!is_authenticated(macro) && (!name || name->empty())) return std::nullopt;
  return std::string(name.value_or(""));
}

bool is_ours(const Config& config, const ClientAddress& client, const MacroLookup& macro) {
  if (is_trusted_client(config, client)) return true;
  if (config.sign_authenticated && is_authenticated(macro)) return true;
  return std::any_of(config.macros.begin(), config.macros.end(),
                     [&](const TrustedMacro& wanted) { return is_marked(wanted, macro); });
}

}  // namespace dkim::milter
