#include "milter/config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/un.h>

#include <charconv>
#include <initializer_list>

#include "canon/text.hpp"

namespace dkim::milter {
namespace {

using crypto::LocatedText;
using crypto::SettingsFile;
using crypto::SettingsGroup;
using crypto::throw_settings_error;

// Returns the value whose word the setting has, or otherwise if the setting is not there. Throws an error
// that lists the words if it has another one.
template <typename Enum>
Enum read_word(SettingsGroup& root, std::string_view name, std::initializer_list<Enum> values,
               Enum otherwise) {
  const auto word = root.text(name);
  if (!word) return otherwise;
  std::vector<std::string> known;
  for (const Enum value : values) {
    if (to_string(value) == word->text) return value;
    known.push_back(fmt::format("\"{}\"", to_string(value)));
  }
  throw_settings_error(word->place, fmt::format("\"{}\" has an unknown value", name),
                       fmt::format("it can be {}", fmt::join(known, ", ")));
}

bool is_port(std::string_view digits) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return error == std::errc() && end == digits.data() + digits.size() && port > 0 && port < 65536;
}

constexpr std::string_view right_socket = "unix:/absolute/path, inet:PORT@ADDRESS or inet6:PORT@ADDRESS";

void check_unix_socket(std::string_view path, const std::string& place) {
  constexpr std::size_t longest_path = sizeof(sockaddr_un::sun_path) - 1;
  if (!path.starts_with('/')) throw_settings_error(place, "\"socket\" has no absolute path", right_socket);
  if (path.ends_with('/')) throw_settings_error(place, "\"socket\" is the path of a directory", right_socket);
  if (path.size() > longest_path) {
    throw_settings_error(place, "\"socket\" has a path longer than the system allows",
                         fmt::format("at most {} bytes", longest_path));
  }
}

void check_inet_socket(std::string_view text, const std::string& place) {
  const auto colon = text.find(':');
  const auto at = text.find('@');
  const bool inet = text.starts_with("inet:") || text.starts_with("inet6:");
  if (!inet || at == std::string_view::npos || at + 1 == text.size() ||
      !is_port(text.substr(colon + 1, at - colon - 1))) {
    throw_settings_error(place, "\"socket\" is not an address to listen on", right_socket);
  }
  const std::string address(text.substr(at + 1));
  // libmilter looks up the name of a host. It would look up an address of the other family as well, and not
  // find it.
  const auto ip = canon::IpAddress::parse(address);
  if (ip && ip->is_v4() == text.starts_with("inet6:")) {
    throw_settings_error(place, "\"socket\" has an address of the other family",
                         "inet: is for IPv4 and inet6: for IPv6");
  }
  if (address.find_first_of(" \t@/") != std::string::npos)
    throw_settings_error(place, "\"socket\" has no host after the @", right_socket);
}

void check_socket(const SocketAddress& socket, const std::string& place) {
  if (socket.is_unix()) {
    check_unix_socket(std::string_view(socket.text).substr(5), place);
  } else {
    check_inet_socket(socket.text, place);
  }
}

mode_t read_socket_mode(const LocatedText& value) {
  unsigned mode = 0;
  const char* end = value.text.data() + value.text.size();
  const auto [stop, error] = std::from_chars(value.text.data(), end, mode, 8);
  if (error != std::errc() || stop != end || mode > 0777) {
    throw_settings_error(value.place, "\"socket_mode\" is not a file mode",
                         "an octal number in quotes, such as \"0660\"");
  }
  constexpr unsigned write_bits = 0222;
  if ((mode & write_bits) == 0) {
    throw_settings_error(value.place, "\"socket_mode\" lets nobody write, and so nobody connect",
                         "0660 is for the owner and the group");
  }
  return mode;
}

std::vector<canon::Network> read_networks(const std::vector<LocatedText>& entries) {
  std::vector<canon::Network> networks;
  for (const auto& entry : entries) {
    const auto network = canon::Network::parse(entry.text);
    if (!network) {
      throw_settings_error(
          entry.place, "\"trusted_networks\" has an entry that is no network",
          "an address or a range whose host bits are zero, such as \"192.0.2.0/24\" or \"2001:db8::/32\"");
    }
    networks.push_back(*network);
  }
  return networks;
}

// libmilter wants braces around a name of more than one letter.
bool is_macro_name(std::string_view name) {
  if (name.size() == 1) return canon::is_alpha(name.front());
  if (name.size() < 3 || name.front() != '{' || name.back() != '}') return false;
  for (const char c : name.substr(1, name.size() - 2)) {
    if (!canon::is_alnum(c) && c != '_') return false;
  }
  return true;
}

TrustedMacro read_macro(SettingsGroup group) {
  const auto name = group.required_text("name");
  if (!is_macro_name(name.text)) {
    throw_settings_error(name.place, "\"name\" is not the name of a macro",
                         "a letter, or a word in braces: \"{daemon_name}\"");
  }
  TrustedMacro macro{name.text, {}};
  if (const auto values = group.texts("values")) {
    if (values->empty()) {
      throw_settings_error(group.place(), "\"values\" is empty", "leave it out if any value will do");
    }
    for (const auto& value : *values) {
      if (value.text.empty()) {
        throw_settings_error(value.place, "\"values\" has an empty one, which no message matches",
                             "a macro without a value marks nothing");
      }
      macro.values.push_back(value.text);
    }
  }
  group.reject_unknown();
  return macro;
}

std::filesystem::path read_metrics_file(const LocatedText& file, const SocketAddress& socket) {
  if (!file.text.empty() && !file.text.starts_with('/')) {
    throw_settings_error(file.place, "\"metrics_file\" is not an absolute path",
                         "it must begin with /, or be empty for none");
  }
  if (file.text.ends_with('/')) {
    throw_settings_error(file.place, "\"metrics_file\" is the path of a directory", "it must name a file");
  }
  if (socket.is_unix() && socket.path() == file.text) {
    throw_settings_error(file.place, "\"metrics_file\" is the socket", "it must be a file of its own");
  }
  return file.text;
}

MetricsSettings read_metrics(SettingsGroup& root, const SocketAddress& socket) {
  MetricsSettings metrics;
  if (const auto file = root.text("metrics_file")) metrics.file = read_metrics_file(*file, socket);
  constexpr long long hour = 3600;
  if (const auto interval = root.integer("metrics_interval", 1, hour))
    metrics.interval = std::chrono::seconds(*interval);
  constexpr long long most_domains = 10'000;
  if (const auto domains = root.integer("metrics_domains", 0, most_domains))
    metrics.domains = static_cast<std::size_t>(*domains);
  return metrics;
}

Config config_from(const SettingsFile& file) {
  auto root = file.root();
  Config config;
  config.signing = crypto::read_signing_settings(root);
  config.keys = crypto::read_key_settings(root);
  auto clients = crypto::read_client_settings(root);
  check_socket(clients.socket, root.place("socket"));
  config.socket = std::move(clients.socket);
  if (clients.trusted_networks) config.trusted_networks = read_networks(*clients.trusted_networks);
  config.sign_authenticated = clients.sign_authenticated;
  config.logins = crypto::read_login_settings(root);
  if (const auto mode = root.text("socket_mode")) config.socket_mode = read_socket_mode(*mode);
  if (auto macros = root.groups("macros")) {
    config.macros.clear();
    for (auto& group : *macros)
      config.macros.push_back(read_macro(std::move(group)));
  }
  const auto dispositions = {Disposition::accept, Disposition::tempfail, Disposition::reject};
  config.on_error = read_word(root, "on_error", dispositions, config.on_error);
  config.on_malformed = read_word(root, "on_malformed", dispositions, config.on_malformed);
  config.on_foreign_author = read_word(root, "on_foreign_author", dispositions, config.on_foreign_author);
  const auto targets = {LogTarget::syslog, LogTarget::standard_error, LogTarget::standard_output};
  config.log = read_word(root, "log", targets, config.log);
  const auto levels = {LogLevel::error, LogLevel::warning, LogLevel::info, LogLevel::debug};
  config.log_level = read_word(root, "log_level", levels, config.log_level);
  config.metrics = read_metrics(root, config.socket);
  root.reject_unknown();
  return config;
}

}  // namespace

std::string_view to_string(Disposition disposition) {
  switch (disposition) {
    case Disposition::accept:
      return "accept";
    case Disposition::tempfail:
      return "tempfail";
    case Disposition::reject:
      return "reject";
  }
  return {};
}

std::string_view to_string(LogTarget target) {
  switch (target) {
    case LogTarget::syslog:
      return "syslog";
    case LogTarget::standard_error:
      return "stderr";
    case LogTarget::standard_output:
      return "stdout";
  }
  return {};
}

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return "error";
    case LogLevel::warning:
      return "warning";
    case LogLevel::info:
      return "info";
    case LogLevel::debug:
      return "debug";
  }
  return {};
}

Config read_config(const crypto::ConfigurationFile& file) {
  return config_from(crypto::read_configuration_file(file));
}

Config parse_config(std::string_view text, const std::string& file_name) {
  return config_from(SettingsFile::parse(text, file_name));
}

}  // namespace dkim::milter
