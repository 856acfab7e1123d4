#include "keytool/fleet/start.hpp"

#include <fmt/format.h>

#include "crypto/error.hpp"
#include "crypto/file.hpp"
#include "crypto/keys/sealing_keys.hpp"
#include "keytool/fleet/fleet_access.hpp"

namespace dkim::keytool::fleet {
namespace {

// If two machines do this at once with different keys, the database refuses the second.
void register_keys(FleetDatabase& database, const crypto::SealingKeys& keys) {
  auto& connection = database.connection();
  connection.begin();
  try {
    for (const auto& key : keys.all())
      database.add_sealing_key(key.number, key.fingerprint());
    connection.commit();
  } catch (...) {
    connection.rollback();
    throw;
  }
}

}  // namespace

InitResult init(FleetDatabase& database, const FleetSettings& settings) {
  InitResult result;
  result.schema = make_schema(database.connection());
  result.state = database.state();
  const auto& file = settings.sealing_key_file;
  if (crypto::is_missing(file)) {
    if (!result.state.sealing_keys.empty()) {
      throw crypto::StoreError(
          fmt::format("{} does not exist, and the fleet has a sealing key: copy the file from a machine that "
                      "has it. A new "
                      "one would open none of the fleet's keys",
                      file.string()));
    }
    crypto::make_sealing_key_file(file);
    result.made_key = true;
  }
  const auto keys = crypto::SealingKeys::read(file);
  if (result.state.sealing_keys.empty()) {
    register_keys(database, keys);
    result.registered_key = true;
    result.state = database.state();
  }
  check_sealing_keys(keys, result.state, file);
  return result;
}

}  // namespace dkim::keytool::fleet
