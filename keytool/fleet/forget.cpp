#include "keytool/fleet/forget.hpp"

#include <fmt/format.h>

#include "crypto/error.hpp"
#include "keytool/fleet/database_pool.hpp"
#include "keytool/fleet/fleet_change.hpp"
#include "keytool/keys/stored_keys.hpp"

namespace dkim::keytool::fleet {
namespace {

std::string list_keys_in_use(const crypto::Manifest& manifest) {
  std::string list;
  for (const auto& key : manifest.keys) {
    if (key.state == crypto::KeyState::revoked) continue;
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", key.selector.str(), to_string(key.state));
  }
  return list;
}

}  // namespace

bool forget(const crypto::KeyStore& files, const FleetSettings& settings, const canon::DomainName& domain,
            KeysInUse keys_in_use, crypto::UtcTime now) {
  DatabasePool pool(settings);
  FleetChange change(pool, pool.borrow(), files, domain);
  if (change.is_forgotten()) return false;
  const auto& manifest = change.manifest();
  if (manifest.keys.empty()) throw crypto::StoreError(no_keys_text("the fleet's database", domain));
  if (const auto list = list_keys_in_use(manifest); keys_in_use == KeysInUse::refuse && !list.empty()) {
    throw crypto::StoreError(
        fmt::format("{0} has keys that are not revoked: {1}. To destroy them, so that its mail leaves "
                    "unsigned: dkimkey fleet forget --unsigned {0}",
                    domain.str(), list));
  }
  change.forget(now);
  change.commit();
  return true;
}

}  // namespace dkim::keytool::fleet
