#include "keytool/fleet/open_store.hpp"

#include "crypto/store/file_store.hpp"

namespace dkim::keytool::fleet {

std::unique_ptr<crypto::StoreOfRecord> open_store_of_record(const Configuration& configuration) {
  return std::make_unique<crypto::FileStore>(crypto::KeyStore(configuration.signing.key_directory));
}

}  // namespace dkim::keytool::fleet
