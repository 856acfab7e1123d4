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

Remark remark_on(const PlannedRule& rule, const std::string& why) {
  return signed_otherwise("", fmt::format("no rule can be made for {}: {}", rule.pattern.text(), why));
}

// Returns how many rules from the first on are accepted together, if all of them are not. The next one is
// refused beside them.
std::size_t accepted_together(Rules list, const std::vector<PlannedRule>& rules) {
  std::size_t good = 0;
  std::size_t bad = rules.size();
  while (bad - good > 1) {
    const auto middle = good + (bad - good) / 2;
    const auto end = rules.begin() + static_cast<std::ptrdiff_t>(middle);
    (refusal(list, {rules.begin(), end}) ? bad : good) = middle;
  }
  return good;
}

}  // namespace

ImportPlan without_refused_rules(ImportPlan plan) {
  for (const Rules list : {&ImportPlan::rules, &ImportPlan::also_sign}) {
    // A rule is rarely refused, and checking a hundred thousand one by one takes long.
    if (!refusal(list, plan.*list)) continue;
    std::erase_if(plan.*list, [&](const PlannedRule& rule) {
      const auto why = refusal(list, {rule});
      if (why) plan.remarks.push_back(remark_on(rule, *why));
      return why.has_value();
    });
    // What is left is refused only for what stands before it, such as a rule that matches all of its senders.
    while (const auto why = refusal(list, plan.*list)) {
      const auto next =
          (plan.*list).begin() + static_cast<std::ptrdiff_t>(accepted_together(list, plan.*list));
      plan.remarks.push_back(remark_on(*next, *why));
      (plan.*list).erase(next);
    }
  }
  return plan;
}

}  // namespace dkim::keytool::opendkim
