#include "keytool/opendkim/conf_text.hpp"

#include <fmt/format.h>

#include "crypto/settings/settings_text.hpp"

namespace dkim::keytool::opendkim {
namespace {

using crypto::SettingsWriter;

std::string macro_text(const std::string& name, const std::vector<std::string>& values) {
  SettingsWriter group;
  group.add_string("name", name);
  if (!values.empty()) group.add_strings("values", values);
  return group.group();
}

std::string rule_text(const PlannedRule& rule) {
  SettingsWriter group;
  group.add_string("sender", rule.pattern.text());
  if (rule.domain) {
    group.add_string("domain", rule.domain->str());
  } else {
    group.add_boolean("sign", false);
  }
  std::vector<std::string> selectors;
  for (const auto& selector : rule.selectors)
    selectors.push_back(selector.str());
  if (!selectors.empty()) group.add_strings("selectors", selectors);
  return group.group();
}

// A line for each rule: there can be thousands.
std::string rules_text(std::string_view name, const std::vector<PlannedRule>& rules) {
  if (rules.empty()) return {};
  std::string out;
  for (const auto& rule : rules)
    out += (out.empty() ? fmt::format("{} = (\n  ", name) : ",\n  ") + rule_text(rule);
  return out + "\n);\n";
}

}  // namespace

std::string conf_text(const ImportPlan& plan, const std::optional<std::filesystem::path>& key_directory) {
  const auto& settings = plan.settings;
  SettingsWriter out;
  if (key_directory) out.add_string("key_directory", key_directory->string());
  out.add_strings("trusted_networks", settings.trusted_networks);
  std::vector<std::string> macros;
  for (const auto& [name, values] : settings.macros)
    macros.push_back(macro_text(name, values));
  out.add_value("macros", crypto::settings_list(macros));
  if (settings.canonicalization)
    out.add_string("canonicalization", canon::to_string(*settings.canonicalization));
  if (!settings.signed_headers.empty()) out.add_strings("signed_headers", settings.signed_headers);
  if (!settings.oversigned_headers.empty())
    out.add_strings("oversigned_headers", settings.oversigned_headers);
  if (settings.expiration.count() > 0) out.add_integer("expiration", settings.expiration.count());
  if (settings.sign_authenticated) out.add_boolean("sign_authenticated", *settings.sign_authenticated);
  if (settings.logins == DaemonSettings::Logins::own_domain) out.add_string("logins", "domain");
  if (settings.on_error) out.add_string("on_error", to_string(*settings.on_error));
  return fmt::format("# Written by dkimkey import from a configuration of {}; change it as you like.\n",
                     plan.signer) +
         out.lines() + rules_text("rules", plan.rules) + rules_text("also_sign", plan.also_sign);
}

}  // namespace dkim::keytool::opendkim
