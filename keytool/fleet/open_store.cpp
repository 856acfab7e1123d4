#include "keytool/fleet/open_store.hpp"

#include "crypto/settings/places.hpp"
#include "crypto/store/file_store.hpp"
#include "crypto/store/membership.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/fleet/fleet_store.hpp"

namespace dkim::keytool::fleet {

std::unique_ptr<crypto::StoreOfRecord> open_store_of_record(const Configuration& configuration) {
  crypto::KeyStore files(configuration.signing.key_directory);
  if (!crypto::read_membership(files)) return std::make_unique<crypto::FileStore>(std::move(files));
  // A machine of a fleet that cannot reach it must not go on alone.
  constexpr bool is_needed = true;
  std::optional<FleetSettings> settings;
  try {
    settings = read_fleet_settings(configuration.keys.fleet.value_or(crypto::default_fleet_file), is_needed);
  } catch (const crypto::SettingsError& error) {
    throw ConfigurationError(error.what());
  }
  return open_fleet_store(files, *std::move(settings));
}

}  // namespace dkim::keytool::fleet
