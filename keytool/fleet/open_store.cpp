#include "keytool/fleet/open_store.hpp"

#include "crypto/store/file_store.hpp"
#include "crypto/store/membership.hpp"
#include "keytool/fleet/fleet_store.hpp"

namespace dkim::keytool::fleet {

std::unique_ptr<crypto::StoreOfRecord> open_store_of_record(const Configuration& configuration) {
  crypto::KeyStore files(configuration.signing.key_directory);
  if (!crypto::read_membership(files)) return std::make_unique<crypto::FileStore>(std::move(files));
  // A machine of a fleet that cannot reach it must not go on alone.
  return open_configured_fleet_store(files, configuration);
}

}  // namespace dkim::keytool::fleet
