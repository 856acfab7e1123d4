#include "keytool/opendkim/binding_plan.hpp"

#include <algorithm>

#include "keytool/opendkim/rule_check.hpp"

namespace dkim::keytool::opendkim {
namespace {

ActiveKeys active_keys(const KeyCollector& keys, const ActiveInStore& active_in_store) {
  ActiveKeys active;
  for (const auto& [name, key] : keys.keys()) {
    auto [entry, added] = active.try_emplace(name.domain);
    if (added) entry->second = active_in_store(name.domain);
    if (std::find(entry->second.begin(), entry->second.end(), name.selector) == entry->second.end())
      entry->second.push_back(name.selector);
  }
  // A domain that is in the store signs even if the table's key for it cannot be loaded.
  for (const auto& name : keys.failed()) {
    auto in_store = active_in_store(name.domain);
    if (!in_store.empty()) active.try_emplace(name.domain, std::move(in_store));
  }
  return active;
}

}  // namespace

ImportPlan with_bindings(ImportPlan plan, const std::vector<Binding>& bindings, const KeyCollector& keys,
                         const ActiveInStore& active_in_store) {
  auto rules = plan_rules(bindings, active_keys(keys, active_in_store));
  plan.rules = std::move(rules.rules);
  plan.also_sign = std::move(rules.also_sign);
  plan.keys = keys.keys();
  for (const auto& [name, key] : plan.keys)
    plan.subdomains[name.domain] = {.sign = false};
  for (const auto& domain : rules.with_subdomains)
    plan.subdomains[domain] = {.sign = true};
  return plan;
}

ImportPlan finished(ImportPlan plan) {
  plan = without_refused_rules(std::move(plan));
  std::stable_sort(plan.remarks.begin(), plan.remarks.end(),
                   [](const Remark& a, const Remark& b) { return a.kind < b.kind; });
  return plan;
}

}  // namespace dkim::keytool::opendkim
