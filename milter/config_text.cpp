// The configuration in the other direction: what --print-config shows.
#include <array>
#include <cstdio>

#include "crypto/settings/settings_text.hpp"
#include "milter/config.hpp"

namespace dkim::milter {
namespace {

using crypto::settings_string;

template <typename Items, typename Text>
std::string list(const Items& items, Text text) {
  if (items.empty()) return "( )";
  std::string out = "( ";
  bool first = true;
  for (const auto& item : items) {
    out += (first ? "" : ", ") + text(item);
    first = false;
  }
  return out + " )";
}

std::string rule_text(const crypto::SenderRule& rule) {
  std::string out = "{ sender = " + settings_string(rule.sender) + ";";
  out += rule.domain ? " domain = " + settings_string(rule.domain->str()) + ";" : " sign = false;";
  if (!rule.selectors.empty()) {
    out += " selectors = " +
           list(rule.selectors, [](const auto& selector) { return settings_string(selector.str()); }) + ";";
  }
  return out + " }";
}

std::string macro_text(const TrustedMacro& macro) {
  std::string out = "{ name = " + settings_string(macro.name) + ";";
  if (!macro.values.empty()) out += " values = " + list(macro.values, settings_string) + ";";
  return out + " }";
}

std::string publish_text(const crypto::PublishSettings& publish) {
  using Method = crypto::PublishSettings::Method;
  std::string out = "{ method = ";
  switch (publish.method) {
    case Method::update:
      out += "\"update\"; key_file = " + settings_string(publish.key_file.string()) + ";";
      if (!publish.server.empty()) out += " server = " + settings_string(publish.server) + ";";
      break;
    case Method::hook:
      out += "\"hook\"; program = " + settings_string(publish.program.string()) + ";";
      break;
    default:
      out += "\"manual\";";
  }
  return out + " }";
}

std::string domain_text(const std::pair<const canon::DomainName, crypto::PublishSettings>& domain) {
  return "{ domain = " + settings_string(domain.first.str()) + "; publish = " + publish_text(domain.second) +
         "; }";
}

std::string rotation_text(const crypto::KeySettings& keys) {
  const auto days = [](std::chrono::seconds time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::days>(time).count());
  };
  return "{ every = " + days(keys.every) + "; drain = " + days(keys.drain) +
         "; forget = " + days(keys.forget) + "; }";
}

std::string octal(mode_t mode) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mode));
  return text.data();
}

}  // namespace

std::string config_text(const Config& config) {
  std::string out;
  const auto add = [&](std::string_view name, const std::string& value) {
    out += std::string(name) + " = " + value + ";\n";
  };
  add("socket", settings_string(config.socket.text));
  add("socket_mode", settings_string(octal(config.socket_mode)));
  add("key_directory", settings_string(config.signing.key_directory.string()));
  add("trusted_networks", list(config.trusted_networks, [](const canon::Network& network) {
        return settings_string(network.text());
      }));
  add("sign_authenticated", config.sign_authenticated ? "true" : "false");
  add("macros", list(config.macros, macro_text));
  add("canonicalization", settings_string(to_string(config.signing.canonicalization)));
  add("signed_headers", list(config.signing.signed_headers, settings_string));
  add("oversigned_headers", list(config.signing.oversigned_headers, settings_string));
  out += "# in effect, signed: ";
  for (const auto& name : config.signing.fields.signed_fields())
    out += " " + name;
  out += "\n# in effect, oversigned: ";
  for (const auto& field : config.signing.fields.oversigned())
    out += " " + to_string(field);
  out += "\n";
  add("expiration", std::to_string(config.signing.expiration.count()));
  add("rules", list(config.signing.rules, rule_text));
  add("on_error", settings_string(to_string(config.on_error)));
  add("on_malformed", settings_string(to_string(config.on_malformed)));
  add("publish", publish_text(config.keys.publish));
  add("domains", list(config.keys.domains, domain_text));
  add("rotation", rotation_text(config.keys));
  add("log", settings_string(to_string(config.log)));
  add("log_level", settings_string(to_string(config.log_level)));
  add("metrics_file", settings_string(config.metrics.file.string()));
  add("metrics_interval", std::to_string(config.metrics.interval.count()));
  add("metrics_domains", std::to_string(config.metrics.domains));
  return out;
}

}  // namespace dkim::milter
