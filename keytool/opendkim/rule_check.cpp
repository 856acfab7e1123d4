#include "keytool/opendkim/rule_check.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

#include "crypto/error.hpp"
#include "crypto/settings/signing_settings.hpp"
#include "keytool/opendkim/conf_text.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Rules = std::vector<PlannedRule> ImportPlan::*;

// Returns why dkimsignd does not start with these rules; nothing if it does.
std::optional<std::string> refusal(Rules list, const std::vector<PlannedRule>& rules) {
  ImportPlan plan;
  plan.*list = rules;
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

ImportPlan without_refused_rules(ImportPlan plan) {
  for (const Rules list : {&ImportPlan::rules, &ImportPlan::also_sign}) {
    // A rule is rarely refused, and checking a hundred thousand one by one takes long.
    if (!refusal(list, plan.*list)) continue;
    std::erase_if(plan.*list, [&](const PlannedRule& rule) {
      const auto why = refusal(list, {rule});
      if (why)
        plan.remarks.push_back(
            signed_otherwise("", fmt::format("no rule can be made for {}: {}", rule.pattern.text(), *why)));
      return why.has_value();
    });
  }
  return plan;
}

}  // namespace dkim::keytool::opendkim
