#include "keytool/fleet/fleet_access.hpp"

#include <fmt/format.h>

#include "canon/printable.hpp"
#include "crypto/keys/sealed_key.hpp"
#include "crypto/settings/places.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/fleet/connecting.hpp"

namespace dkim::keytool::fleet {

using Kind = crypto::SealError::Kind;

FleetSettings require_fleet_settings(const std::optional<std::filesystem::path>& named) {
  auto settings = *read_fleet_settings(named.value_or(crypto::default_fleet_file), true);
  check_connection(settings);
  return settings;
}

FleetSettings configured_fleet_settings(const Configuration& configuration) {
  try {
    return require_fleet_settings(configuration.keys.fleet);
  } catch (const crypto::SettingsError& error) {
    throw ConfigurationError(error.what());
  }
}

void check_sealing_keys(const crypto::SealingKeys& keys, const StoreState& state,
                        const std::filesystem::path& file) {
  if (state.sealing_keys.empty()) {
    throw crypto::SealError(
        Kind::lost,
        "the fleet has no sealing key yet: give dkimkey fleet init on the machine that is to make "
        "it");
  }
  for (const auto& [number, fingerprint] : state.sealing_keys) {
    const auto* key = keys.find(number);
    // An older one may be gone from the file after a reseal.
    if (key == nullptr && number != state.sealing_keys.rbegin()->first) continue;
    if (key == nullptr) {
      throw crypto::SealError(Kind::lost,
                              fmt::format("{} has no sealing key {} of the fleet: copy the file from a "
                                          "machine that has it",
                                          file.string(), number));
    }
    if (key->fingerprint() != fingerprint) {
      throw crypto::SealError(
          Kind::wrong,
          fmt::format("the sealing key {} in {} is not the fleet's (its fingerprint is {}, the fleet's is "
                      "{}): copy the file from a machine of the fleet",
                      number, file.string(), key->fingerprint(), canon::printable(fingerprint, 100)));
    }
  }
}

crypto::SealingKeys read_sealing_keys(const FleetSettings& settings, const StoreState& state) {
  auto keys = crypto::SealingKeys::read(settings.sealing_key_file);
  check_sealing_keys(keys, state, settings.sealing_key_file);
  return keys;
}

}  // namespace dkim::keytool::fleet
