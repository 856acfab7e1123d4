#include "keytool/fleet/fleet_settings.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "crypto/file.hpp"
#include "crypto/settings/settings_reader.hpp"
#include "crypto/store/membership.hpp"
#include "crypto/trusted_path.hpp"

namespace dkim::keytool::fleet {
namespace {

constexpr std::size_t largest_file = 16 << 10;
// A machine that signs for longer without a contact holds up every rotation of the fleet for as long.
constexpr long long shortest_lease = 1;
constexpr long long longest_lease = 366;

constexpr std::string_view right_host = "it has letters, digits and any of - _ . only";

std::string own_name(const std::string& place) {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || !crypto::is_fleet_host(name.data())) {
    crypto::throw_settings_error(
        place, "\"host\" is missing, and this machine's own name is none for a fleet", right_host);
  }
  return name.data();
}

std::string read_host(crypto::SettingsGroup& root) {
  const auto text = root.text("host");
  if (!text) return own_name(root.place());
  if (!crypto::is_fleet_host(text->text))
    crypto::throw_settings_error(text->place, "\"host\" is not the name of a machine", right_host);
  return text->text;
}

FleetSettings read_settings(crypto::SettingsGroup root, const std::filesystem::path& file) {
  FleetSettings settings;
  settings.file = file;
  const auto connection = root.required_text("connection");
  if (connection.text.empty()) {
    crypto::throw_settings_error(
        connection.place, "\"connection\" is empty",
        "for example \"host=db1.example.com dbname=dkimsignd user=dkimsignd_writer\"");
  }
  settings.connection = connection.text;
  const auto key_file = root.required_text("sealing_key_file");
  settings.sealing_key_file = key_file.text;
  if (!settings.sealing_key_file.is_absolute()) {
    crypto::throw_settings_error(key_file.place, "\"sealing_key_file\" is not an absolute path",
                                 "it must begin with /");
  }
  settings.host = read_host(root);
  if (const auto days = root.integer("lease", shortest_lease, longest_lease))
    settings.lease = std::chrono::days(*days);
  root.reject_unknown();
  return settings;
}

}  // namespace

std::optional<FleetSettings> read_fleet_settings(const std::filesystem::path& file, bool is_named) {
  const auto not_used = [](std::string_view why) {
    return crypto::SettingsError(fmt::format("the fleet's settings are not used: {}", why));
  };
  std::optional<crypto::Secret> text;
  try {
    // Its connection may have a password.
    const auto opened = crypto::open_trusted_file(file, 0, crypto::TrustedAs::shared_secret);
    if (opened) text = crypto::read_all(*opened, file, largest_file);
  } catch (const crypto::StoreError& error) {
    throw not_used(error.what());
  }
  if (text)
    return read_settings(crypto::SettingsFile::parse(crypto::view(*text), file.string()).root(), file);
  if (!is_named && crypto::is_missing(file)) return std::nullopt;
  throw not_used(fmt::format("{} does not exist", file.string()));
}

}  // namespace dkim::keytool::fleet
