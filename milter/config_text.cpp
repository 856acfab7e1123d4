// The configuration in the other direction: what --print-config shows.
#include <fmt/format.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "crypto/settings/places.hpp"
#include "crypto/settings/settings_text.hpp"
#include "milter/config.hpp"

namespace dkim::milter {
namespace {

using crypto::settings_list;
using crypto::SettingsWriter;

template <typename Items, typename Text>
std::vector<std::string> each(const Items& items, Text text) {
  std::vector<std::string> texts;
  for (const auto& item : items)
    texts.push_back(text(item));
  return texts;
}

std::string rule_text(const crypto::SenderRule& rule) {
  SettingsWriter group;
  group.add_string("sender", rule.sender);
  if (rule.domain) {
    group.add_string("domain", rule.domain->str());
  } else {
    group.add_boolean("sign", false);
  }
  if (!rule.selectors.empty())
    group.add_strings("selectors", each(rule.selectors, [](const auto& selector) { return selector.str(); }));
  return group.group();
}

std::string macro_text(const TrustedMacro& macro) {
  SettingsWriter group;
  group.add_string("name", macro.name);
  if (!macro.values.empty()) group.add_strings("values", macro.values);
  return group.group();
}

std::string_view word_of(crypto::PublishSettings::Form form) {
  using Form = crypto::PublishSettings::Form;
  switch (form) {
    case Form::automatic:
      return "automatic";
    case Form::plain:
      return "plain";
    case Form::strings:
      return "strings";
  }
  return {};
}

std::string publish_text(const crypto::PublishSettings& publish) {
  using Method = crypto::PublishSettings::Method;
  SettingsWriter group;
  switch (publish.method) {
    case Method::update:
      group.add_string("method", "update").add_string("key_file", publish.key_file.string());
      if (!publish.server.empty()) group.add_string("server", publish.server);
      break;
    case Method::hook:
      group.add_string("method", "hook").add_string("program", publish.program.string());
      break;
    case Method::lexicon:
      group.add_string("method", "lexicon")
          .add_string("provider", publish.provider)
          .add_string("credentials", publish.credentials.string())
          .add_string("program", publish.program.string());
      if (publish.zone) group.add_string("zone", publish.zone->str());
      group.add_string("form", word_of(publish.form));
      break;
    case Method::manual:
      group.add_string("method", "manual");
      break;
  }
  return group.group();
}

std::string domain_text(const std::pair<const canon::DomainName, crypto::PublishSettings>& domain) {
  SettingsWriter group;
  group.add_string("domain", domain.first.str()).add_value("publish", publish_text(domain.second));
  return group.group();
}

std::string rotation_text(const crypto::KeySettings& keys) {
  const auto days = [](std::chrono::seconds time) {
    return std::chrono::duration_cast<std::chrono::days>(time).count();
  };
  SettingsWriter group;
  group.add_integer("every", days(keys.every));
  group.add_integer("drain", days(keys.drain));
  group.add_integer("forget", days(keys.forget));
  if (keys.selector) group.add_string("selector", keys.selector->text());
  if (keys.notify) group.add_string("notify", keys.notify->str());
  if (!keys.sendmail.empty()) group.add_string("sendmail", keys.sendmail.string());
  return group.group();
}

std::string login_text(const crypto::LoginRule& rule) {
  auto domains = each(rule.domains.domains, [](const auto& domain) { return domain.str(); });
  if (rule.domains.every) domains.emplace_back("*");
  SettingsWriter group;
  group.add_string("login", rule.login).add_strings("domains", domains);
  return group.group();
}

void add_logins(SettingsWriter& settings, const crypto::LoginSettings& logins) {
  using Method = crypto::LoginSettings::Method;
  switch (logins.method) {
    case Method::every_domain:
      settings.add_string("logins", "any");
      return;
    case Method::own_domain:
      settings.add_string("logins", "domain");
      return;
    case Method::rules:
      settings.add_value("logins", settings_list(each(logins.rules, login_text)));
      return;
    case Method::table:
      settings.add_string("logins", logins.table.string());
      return;
  }
}

std::string octal(mode_t mode) {
  return fmt::format("{:04o}", static_cast<unsigned>(mode));
}

}  // namespace

std::string config_text(const Config& config) {
  const auto& signing = config.signing;
  SettingsWriter settings;
  settings.add_string("socket", config.socket.text);
  settings.add_string("socket_mode", octal(config.socket_mode));
  settings.add_string("key_directory", signing.key_directory.string());
  settings.add_strings("trusted_networks",
                       each(config.trusted_networks, [](const auto& network) { return network.text(); }));
  settings.add_boolean("sign_authenticated", config.sign_authenticated);
  add_logins(settings, config.logins);
  settings.add_value("macros", settings_list(each(config.macros, macro_text)));
  settings.add_string("canonicalization", to_string(signing.canonicalization));
  settings.add_strings("signed_headers", signing.signed_headers);
  settings.add_strings("oversigned_headers", signing.oversigned_headers);
  std::string in_effect = "# in effect, signed: ";
  for (const auto& name : signing.fields.signed_fields())
    in_effect += " " + name;
  in_effect += "\n# in effect, oversigned: ";
  for (const auto& field : signing.fields.oversigned())
    in_effect += " " + to_string(field);

  SettingsWriter others;
  others.add_integer("expiration", signing.expiration.count());
  others.add_value("rules", settings_list(each(signing.rules, rule_text)));
  others.add_value("also_sign", settings_list(each(signing.also_sign, rule_text)));
  others.add_string("on_error", to_string(config.on_error));
  others.add_string("on_malformed", to_string(config.on_malformed));
  others.add_string("on_foreign_author", to_string(config.on_foreign_author));
  others.add_value("publish", publish_text(config.keys.publish));
  others.add_value("domains", settings_list(each(config.keys.domains, domain_text)));
  others.add_string("fleet", config.keys.fleet ? config.keys.fleet->string() : crypto::default_fleet_file);
  others.add_string("slot_target", config.keys.slot_target ? config.keys.slot_target->text() : "");
  others.add_value("rotation", rotation_text(config.keys));
  others.add_string("log", to_string(config.log));
  others.add_string("log_level", to_string(config.log_level));
  others.add_string("metrics_file", config.metrics.file.string());
  others.add_integer("metrics_interval", config.metrics.interval.count());
  others.add_integer("metrics_domains", static_cast<std::int64_t>(config.metrics.domains));
  return settings.lines() + in_effect + "\n" + others.lines();
}

}  // namespace dkim::milter
