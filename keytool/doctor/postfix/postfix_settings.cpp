#include "keytool/doctor/postfix/postfix_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "canon/text.hpp"
#include "crypto/error.hpp"
#include "crypto/file.hpp"
#include "keytool/doctor/postfix/setting_words.hpp"
#include "keytool/output/shell_word.hpp"
#include "keytool/system/postconf.hpp"

namespace dkim::keytool {
namespace {

// Our values are expanded, but in Postfix's files a dollar begins a name.
std::string unexpanded(std::string_view value) {
  std::string out;
  for (const char c : value)
    out += c == '$' ? std::string("$$") : std::string(1, c);
  return out;
}

// "postconf -P" accepts no white space in a value; a comma separates the items of a list as well.
std::string compact(std::string_view value) {
  std::string out;
  while (!value.empty()) {
    const auto end = std::min(value.find_first_of(" \t\r\n"), value.size());
    out += value.substr(0, end);
    value.remove_prefix(end);
    value.remove_prefix(std::min(value.find_first_not_of(" \t\r\n"), value.size()));
    const bool separated =
        out.empty() || std::string_view("{,=").find(out.back()) != std::string_view::npos || value.empty() ||
        std::string_view("},=").find(value.front()) != std::string_view::npos;
    if (!separated) out += ',';
  }
  return out;
}

struct Setting {
  std::string_view name;
  std::string_view value;
};

// Takes the next setting off the front.
std::optional<Setting> next_setting(std::string_view& rest) {
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    return Setting{canon::trim_fws(line.substr(0, equals)), canon::trim_fws(line.substr(equals + 1))};
  }
  return std::nullopt;
}

// "smtp/inet/chroot"; a service's name may contain slashes, too.
struct ServiceSetting {
  std::string name;
  std::string type;
  std::string setting;
};

std::optional<ServiceSetting> split_service_setting(std::string_view text) {
  const auto last = text.rfind('/');
  if (last == std::string_view::npos || last == 0) return std::nullopt;
  const auto middle = text.rfind('/', last - 1);
  if (middle == std::string_view::npos) return std::nullopt;
  return ServiceSetting{std::string(text.substr(0, middle)),
                        std::string(text.substr(middle + 1, last - middle - 1)),
                        std::string(text.substr(last + 1))};
}

void add_tables(PostfixSettings& settings, std::string_view list) {
  constexpr std::size_t largest_table = 64 << 10;
  while (const auto word = next_word(list)) {
    const auto colon = word->find(':');
    const auto type = word->substr(0, colon);
    if (colon == std::string_view::npos || (type != "regexp" && type != "pcre")) continue;
    const std::filesystem::path path = word->substr(colon + 1);
    try {
      if (const auto file = crypto::open_regular_file(path))
        settings.tables[std::string(*word)] = crypto::view(crypto::read_all(*file, path, largest_table));
    } catch (const crypto::Error&) {
      // Its rules then remain unknown.
    }
  }
}

}  // namespace

bool postfix_is_installed() {
  return has_postconf();
}

std::string PostfixSettings::of(std::string_view setting) const {
  const auto found = main.find(setting);
  return found == main.end() ? std::string() : found->second;
}

std::string PostfixSettings::of(const PostfixService& service, std::string_view setting) const {
  const auto found = service.overrides.find(setting);
  return found == service.overrides.end() ? of(setting) : found->second;
}

std::vector<const PostfixService*> PostfixSettings::running(std::string_view command) const {
  std::vector<const PostfixService*> found;
  for (const auto& service : services) {
    if (service.command == command) found.push_back(&service);
  }
  return found;
}

Jail PostfixSettings::jail_of(const PostfixService& service) const {
  return {of("queue_directory"), service.chrooted};
}

std::string PostfixSettings::postconf() const {
  return directory.empty() ? "postconf" : "postconf -c " + shell_quoted(directory);
}

std::string PostfixSettings::set_command(std::string_view setting, std::string_view value) const {
  return postconf() + " -e " + shell_quoted(std::string(setting) + " = " + unexpanded(value));
}

std::string PostfixSettings::set_command(const PostfixService& service, std::string_view setting,
                                         std::string_view value) const {
  return postconf() + " -P " +
         shell_quoted(service.label() + "/" + std::string(setting) + "=" + compact(unexpanded(value)));
}

std::string PostfixSettings::unset_command(std::string_view setting) const {
  return postconf() + " -X " + std::string(setting);
}

std::string PostfixSettings::unset_command(const PostfixService& service, std::string_view setting) const {
  return postconf() + " -PX " + shell_quoted(service.label() + "/" + std::string(setting));
}

std::string PostfixSettings::reload_command() const {
  return directory.empty() ? "postfix reload" : "postfix -c " + shell_quoted(directory) + " reload";
}

const std::vector<std::string>& postfix_setting_names() {
  static const std::vector<std::string> names = {
      "always_add_missing_headers",
      "cleanup_service_name",
      "compatibility_level",
      "content_filter",
      "default_transport",
      "disable_mime_output_conversion",
      "inet_interfaces",
      "inet_protocols",
      "internal_mail_filter_classes",
      "local_header_rewrite_clients",
      "mail_owner",
      "milter_connect_macros",
      "milter_default_action",
      "milter_header_checks",
      "milter_mail_macros",
      "milter_protocol",
      "myhostname",
      "myorigin",
      "non_smtpd_milters",
      "queue_directory",
      "receive_override_options",
      "relayhost",
      "sender_dependent_default_transport_maps",
      "sender_dependent_relayhost_maps",
      "smtp_bind_address",
      "smtp_bind_address6",
      "smtp_body_checks",
      "smtp_discard_ehlo_keywords",
      "smtp_generic_maps",
      "smtp_header_checks",
      "smtp_helo_name",
      "smtp_line_length_limit",
      "smtp_mime_header_checks",
      "smtp_nested_header_checks",
      "smtpd_client_restrictions",
      "smtpd_data_restrictions",
      "smtpd_end_of_data_restrictions",
      "smtpd_helo_restrictions",
      "smtpd_milter_maps",
      "smtpd_milters",
      "smtpd_proxy_filter",
      "smtpd_recipient_restrictions",
      "smtpd_relay_restrictions",
      "smtpd_sasl_auth_enable",
      "smtpd_sender_login_maps",
      "smtpd_sender_restrictions",
  };
  return names;
}

SettingMap parse_settings(std::string_view text) {
  SettingMap settings;
  while (const auto setting = next_setting(text))
    settings[std::string(setting->name)] = setting->value;
  return settings;
}

std::vector<PostfixService> parse_services(std::string_view fields, std::string_view overrides,
                                           DefaultChroot chroot) {
  std::vector<PostfixService> services;
  const auto service_of = [&](const ServiceSetting& key) -> PostfixService& {
    for (auto& service : services) {
      if (service.name == key.name && service.type == key.type) return service;
    }
    return services.emplace_back(PostfixService{key.name, key.type, chroot == DefaultChroot::yes, {}, {}});
  };
  while (const auto setting = next_setting(fields)) {
    const auto key = split_service_setting(setting->name);
    if (!key) continue;
    auto& service = service_of(*key);
    if (key->setting == "chroot" && setting->value != "-") service.chrooted = setting->value == "y";
    if (key->setting == "command")
      service.command = setting->value.substr(0, setting->value.find_first_of(" \t"));
  }
  while (const auto setting = next_setting(overrides)) {
    const auto key = split_service_setting(setting->name);
    if (key) service_of(*key).overrides[key->setting] = setting->value;
  }
  return services;
}

PostfixSettings read_postfix_settings(const std::string& directory) {
  PostfixSettings settings;
  settings.directory = directory;
  std::vector<std::string> arguments = {"-x"};
  arguments.insert(arguments.end(), postfix_setting_names().begin(), postfix_setting_names().end());
  settings.main = parse_settings(run_postconf(directory, arguments));
  settings.main["myorigin"] = followed_origin(settings.of("myorigin"));
  // postconf(5): before level 1, services run in a chroot unless master.cf says "n".
  const auto level = settings.of("compatibility_level");
  const bool old = level.empty() || level == "0" || level.starts_with("0.");
  settings.services = parse_services(run_postconf(directory, {"-F"}), run_postconf(directory, {"-x", "-P"}),
                                     old ? DefaultChroot::yes : DefaultChroot::no);
  for (const auto* client : settings.running("smtp"))
    add_tables(settings, settings.of(*client, "smtp_header_checks"));
  return settings;
}

}  // namespace dkim::keytool
