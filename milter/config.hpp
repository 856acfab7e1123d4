// The daemon's configuration: every setting, with its default, as plain values.
//
// Read at start and again at SIGUSR1, never changed in between, and shared by all threads. Errors are
// crypto::SettingsError: "FILE:LINE: what is wrong; what would be right".
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "canon/network.hpp"
#include "crypto/settings/client_settings.hpp"
#include "crypto/settings/configuration_file.hpp"
#include "crypto/settings/key_settings.hpp"
#include "crypto/settings/login_settings.hpp"
#include "crypto/settings/signing_settings.hpp"

namespace dkim::milter {

using crypto::SocketAddress;

// What happens to a message that ought to be signed and cannot be, or that is malformed.
enum class Disposition { accept, tempfail, reject };

enum class LogTarget { syslog, standard_error, standard_output };

// From the least to the most talkative.
enum class LogLevel { error, warning, info, debug };

// A macro of the MTA that marks a message as ours.
struct TrustedMacro {
  std::string name;                 // as the MTA sends it: "{daemon_name}"
  std::vector<std::string> values;  // any of these; if there are none, any value except an empty one
};

// The metrics for Prometheus, which node_exporter picks up as a text file.
struct MetricsSettings {
  std::filesystem::path file;  // empty: no metrics
  std::chrono::seconds interval{15};
  std::size_t domains = 100;  // how many domains are shown one by one, at most
};

struct Config {
  crypto::SigningSettings signing;
  crypto::KeySettings keys;  // for dkimkey; the daemon reads them to check them
  SocketAddress socket;
  mode_t socket_mode = 0660;
  std::vector<canon::Network> trusted_networks = {*canon::Network::parse("127.0.0.0/8"),
                                                  *canon::Network::parse("::1")};
  bool sign_authenticated = true;
  crypto::LoginSettings logins;
  std::vector<TrustedMacro> macros = {{"{daemon_name}", {"ORIGINATING"}}};
  Disposition on_error = Disposition::tempfail;
  Disposition on_malformed = Disposition::accept;
  // For an author whose domain the client's login may not use.
  Disposition on_foreign_author = Disposition::accept;
  LogTarget log = LogTarget::syslog;
  LogLevel log_level = LogLevel::info;
  MetricsSettings metrics;
};

// Reads the file and everything that it includes. Throws crypto::SettingsError.
Config read_config(const crypto::ConfigurationFile& file);
// Reads text instead of a file; file_name is for the errors. Throws crypto::SettingsError.
Config parse_config(std::string_view text, const std::string& file_name);

// Returns all settings with their effective values, as a file that read_config() reads back the same.
std::string config_text(const Config& config);

// Return the words of the configuration file.
std::string_view to_string(Disposition disposition);
std::string_view to_string(LogTarget target);
std::string_view to_string(LogLevel level);

}  // namespace dkim::milter
