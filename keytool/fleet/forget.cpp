#include "keytool/fleet/forget.hpp"

#include <fmt/format.h>

#include "crypto/error.hpp"

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

bool forget(crypto::StoreOfRecord& store, const canon::DomainName& domain, KeysInUse keys_in_use) {
  if (!store.has(domain)) return false;
  const auto change = store.change(domain);
  auto& manifest = change->manifest();
  if (const auto list = list_keys_in_use(manifest); keys_in_use == KeysInUse::refuse && !list.empty()) {
    throw crypto::StoreError(
        fmt::format("{0} has keys that are not revoked: {1}. To destroy them, so that its mail leaves "
                    "unsigned: dkimkey fleet forget --unsigned {0}",
                    domain.str(), list));
  }
  manifest = {};
  change->commit();
  return true;
}

}  // namespace dkim::keytool::fleet
