#include "keytool/opendkim/rule_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "canon/text.hpp"
#include "crypto/error.hpp"
#include "crypto/settings/signing_settings.hpp"
#include "keytool/opendkim/conf_text.hpp"
#include "keytool/opendkim/pattern_index.hpp"

namespace dkim::keytool::opendkim {
namespace {

// Returns why dkimsignd does not start with these rules; nothing if it does.
std::optional<std::string> refusal(const std::vector<PlannedRule>& rules) {
  ImportPlan plan;
  plan.rules = rules;
  try {
    const auto file = crypto::SettingsFile::parse(conf_text(plan, std::nullopt), "rule");
    auto root = file.root();
    crypto::read_signing_settings(root);
    return std::nullopt;
  } catch (const crypto::SettingsError& error) {
    return error.what();
  }
}

}  // namespace

std::vector<PlannedRule> without_hidden(const std::vector<PlannedRule>& rules) {
  std::vector<PlannedRule> kept;
  PatternIndex index;
  for (const auto& rule : rules) {
    const auto text = rule.pattern.text();
    const auto hides = [&](std::size_t i) {
      return covers(kept[i].pattern, rule.pattern) || canon::matches_wildcard(kept[i].pattern.text(), text);
    };
    if (index.any_near(rule.pattern, hides)) continue;
    index.add(kept.size(), rule.pattern);
    kept.push_back(rule);
  }
  return kept;
}

ImportPlan without_refused_rules(ImportPlan plan) {
  // Hardly ever is one refused, and checking a hundred thousand one by one takes long.
  if (!refusal(plan.rules)) return plan;
  std::erase_if(plan.rules, [&](const PlannedRule& rule) {
    const auto why = refusal({rule});
    if (why)
      plan.remarks.push_back(
          signed_otherwise("", fmt::format("no rule can be made for {}: {}", rule.pattern.text(), *why)));
    return why.has_value();
  });
  return plan;
}

}  // namespace dkim::keytool::opendkim
