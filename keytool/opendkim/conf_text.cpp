#include "keytool/opendkim/conf_text.hpp"

#include "crypto/settings/settings_text.hpp"

namespace dkim::keytool::opendkim {
namespace {

using crypto::settings_string;

std::string config_list(const std::vector<std::string>& items) {
  if (items.empty()) return "( )";
  std::string out = "( ";
  for (std::size_t i = 0; i < items.size(); ++i)
    out += (i > 0 ? ", " : "") + settings_string(items[i]);
  return out + " )";
}

std::string macro_text(const std::string& name, const std::vector<std::string>& values) {
  return "{ name = " + settings_string(name) + ";" +
         (values.empty() ? "" : " values = " + config_list(values) + ";") + " }";
}

std::string rule_text(const PlannedRule& rule) {
  std::string out = "{ sender = " + settings_string(rule.pattern.text()) + ";";
  out += rule.domain ? " domain = " + settings_string(rule.domain->str()) + ";" : " sign = false;";
  if (rule.selectors.empty()) return out + " }";
  std::vector<std::string> selectors;
  for (const auto& selector : rule.selectors)
    selectors.push_back(selector.str());
  return out + " selectors = " + config_list(selectors) + "; }";
}

std::string rules_text(const ImportPlan& plan) {
  if (plan.rules.empty()) return {};
  std::string out;
  for (const auto& rule : plan.rules)
    out += (out.empty() ? "rules = (\n  " : ",\n  ") + rule_text(rule);
  return out + "\n);\n";
}

}  // namespace

std::string conf_text(const ImportPlan& plan, const std::optional<std::filesystem::path>& key_directory) {
  const auto& settings = plan.settings;
  std::string out = "# Written by dkimkey import from a configuration of OpenDKIM; to be changed at will.\n";
  const auto add = [&](const char* name, const std::string& value) {
    out += std::string(name) + " = " + value + ";\n";
  };
  if (key_directory) add("key_directory", settings_string(key_directory->string()));
  add("trusted_networks", config_list(settings.trusted_networks));
  if (settings.macros.empty()) {
    add("macros", "( )");
  } else {
    std::string macros;
    for (const auto& [name, values] : settings.macros)
      macros += (macros.empty() ? "( " : ", ") + macro_text(name, values);
    add("macros", macros + " )");
  }
  if (!settings.canonicalization.empty()) add("canonicalization", settings_string(settings.canonicalization));
  if (!settings.signed_headers.empty()) add("signed_headers", config_list(settings.signed_headers));
  if (!settings.oversigned_headers.empty())
    add("oversigned_headers", config_list(settings.oversigned_headers));
  if (settings.expiration > 0) add("expiration", std::to_string(settings.expiration));
  if (!settings.on_error.empty()) add("on_error", settings_string(settings.on_error));
  return out + rules_text(plan);
}

}  // namespace dkim::keytool::opendkim
