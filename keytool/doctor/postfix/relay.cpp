#include "keytool/doctor/postfix/relay.hpp"

#include <algorithm>

#include "keytool/doctor/postfix/setting_words.hpp"

namespace dkim::keytool {

std::string relay_name(std::string_view relayhost) {
  const auto first = next_word(relayhost).value_or("");
  if (first.starts_with('[')) return std::string(first.substr(1, first.find(']') - 1));
  return std::string(first.substr(0, first.find(':')));
}

std::string relay_of(const PostfixSettings& settings) {
  // A next hop in default_transport overrides relayhost (postconf(5)).
  const auto transport = settings.of("default_transport");
  const auto colon = transport.find(':');
  if (colon != std::string::npos && colon + 1 < transport.size()) {
    const auto clients = settings.running("smtp");
    const auto name = std::string_view(transport).substr(0, colon);
    if (std::any_of(clients.begin(), clients.end(), [&](const auto* client) { return client->name == name; }))
      return relay_name(std::string_view(transport).substr(colon + 1));
  }
  return relay_name(settings.of("relayhost"));
}

}  // namespace dkim::keytool
