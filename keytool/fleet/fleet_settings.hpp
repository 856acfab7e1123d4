// fleet.conf: how this machine reaches the fleet's database. libconfig text, 0640, root's.
//
//   connection = "host=db1,db2 dbname=dkimsignd user=dkimsignd_writer sslrootcert=...";
//
//   sealing_key_file = "/etc/dkimsignd/sealing.key";
//
//   host = "mx1";  (default: the machine's own name)
//
//   lease = 30;    (for how many days this machine signs without a contact)
//
// Errors are SettingsError, with file and line.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace dkim::keytool::fleet {

struct FleetSettings {
  std::filesystem::path file;  // fleet.conf itself, for messages
  std::string connection;      // what libpq takes; may have a password, so never in a message
  std::filesystem::path sealing_key_file;
  std::string host;
  std::chrono::seconds lease = std::chrono::days(30);
};

// Returns nothing if there is no such file and nobody has named it.
std::optional<FleetSettings> read_fleet_settings(const std::filesystem::path& file, bool is_named);

}  // namespace dkim::keytool::fleet
