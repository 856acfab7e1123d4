// The daemon's configuration: every setting, with its default, as plain values.
//
// Read at start and again at SIGUSR1; never changed in between, shared by all threads.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "canon/network.hpp"
#include "crypto/settings/key_settings.hpp"
#include "crypto/settings/settings_reader.hpp"
#include "crypto/settings/signing_settings.hpp"

namespace dkim::milter {

// What becomes of a message that cannot be signed though it should be, or that is malformed.
enum class Disposition { accept, tempfail, reject };

enum class LogTarget { syslog, standard_error };

// Least to most talkative.
enum class LogLevel { error, warning, info, debug };

// A macro of the MTA that marks a message as ours.
struct TrustedMacro {
  std::string name;                 // as the MTA sends it: "{daemon_name}"
  std::vector<std::string> values;  // any of these; empty: any value but an empty one
};

// Where the daemon listens.
struct SocketAddress {
  std::string text = "unix:/var/spool/postfix/dkimsignd/dkimsignd.sock";

  bool is_unix() const { return text.starts_with("unix:"); }
  std::filesystem::path path() const { return text.substr(text.find(':') + 1); }
  bool operator==(const SocketAddress&) const = default;
};

// What is told to Prometheus, through node_exporter's text files.
struct MetricsSettings {
  std::filesystem::path file;  // empty: none
  std::chrono::seconds interval{15};
  std::size_t domains = 100;  // at most so many are shown one by one
};

struct Config {
  crypto::SigningSettings signing;
  crypto::KeySettings keys;  // dkimkey's; read here to be checked
  SocketAddress socket;
  mode_t socket_mode = 0660;
  std::vector<canon::Network> trusted_networks = {*canon::Network::parse("127.0.0.0/8"),
                                                  *canon::Network::parse("::1")};
  bool sign_authenticated = true;
  std::vector<TrustedMacro> macros = {{"{daemon_name}", {"ORIGINATING"}}};
  Disposition on_error = Disposition::tempfail;
  Disposition on_malformed = Disposition::accept;
  LogTarget log = LogTarget::syslog;
  LogLevel log_level = LogLevel::info;
  MetricsSettings metrics;
};

// Throws crypto::SettingsError: "FILE:LINE: what is wrong; what would be right".
Config read_config(const std::filesystem::path& path);
// The same of a file that may be missing: every setting has its default then. One that is there and cannot be
// read is an error all the same.
Config read_config_if_there(const std::filesystem::path& path);
Config parse_config(std::string_view text, const std::string& file_name);

// All settings with their effective values, as a file that read_config reads back the same.
std::string config_text(const Config& config);

std::string_view to_string(Disposition disposition);
std::string_view to_string(LogTarget target);
std::string_view to_string(LogLevel level);

}  // namespace dkim::milter
