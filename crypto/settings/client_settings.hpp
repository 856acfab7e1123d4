// The settings about the daemon's clients: the socket that they connect to, and whose mail is signed.
//
// Both programs read them here: dkimsignd acts on them, dkimkey explains them and examines the socket. The
// types are checked here; whether an address makes sense is for dkimsignd to judge (milter/config), since a
// mistake in it must not keep dkimkey from rotating keys.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "crypto/settings/places.hpp"
#include "crypto/settings/settings_reader.hpp"

namespace dkim::crypto {

// Where the daemon listens: "unix:/path", "inet:PORT@ADDRESS" or "inet6:PORT@ADDRESS".
struct SocketAddress {
  std::string text = default_socket;

  bool is_unix() const { return text.starts_with("unix:"); }
  std::filesystem::path path() const { return text.substr(text.find(':') + 1); }
  bool operator==(const SocketAddress&) const = default;
};

struct ClientSettings {
  SocketAddress socket;
  // Networks as they are written in the file; nothing if the file leaves them to the default, which is the
  // loopback addresses.
  std::optional<std::vector<LocatedText>> trusted_networks;
  bool sign_authenticated = true;
  std::string on_foreign_author = "accept";
};

// Reads them from the root of a configuration file and leaves other settings to the caller. Throws
// SettingsError if a value has the wrong type.
ClientSettings read_client_settings(SettingsGroup& root);

}  // namespace dkim::crypto
