// In place of what uses libpq, in a dkimkey that was built without it (-DDKIMSIGND_FLEET=OFF).
#include <fmt/format.h>

#include "crypto/error.hpp"
#include "keytool/fleet/fleet_store.hpp"

namespace dkim::keytool::fleet {

std::unique_ptr<crypto::StoreOfRecord> open_configured_fleet_store(const crypto::KeyStore& files,
                                                                   const Configuration& /*unused*/) {
  throw crypto::StoreError(
      fmt::format("{} is this machine's copy of a fleet's keys, and this dkimkey was built without "
                  "fleets: install one that has them",
                  files.directory().string()));
}

}  // namespace dkim::keytool::fleet
