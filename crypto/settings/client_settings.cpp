#include "crypto/settings/client_settings.hpp"

#include <utility>

namespace dkim::crypto {

ClientSettings read_client_settings(SettingsGroup& root) {
  ClientSettings settings;
  if (auto socket = root.text("socket")) settings.socket = {std::move(socket->text)};
  settings.trusted_networks = root.texts("trusted_networks");
  settings.sign_authenticated = root.boolean("sign_authenticated").value_or(settings.sign_authenticated);
  if (auto action = root.text("on_foreign_author")) settings.on_foreign_author = std::move(action->text);
  return settings;
}

}  // namespace dkim::crypto
