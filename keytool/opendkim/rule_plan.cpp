#include "keytool/opendkim/rule_plan.hpp"

#include <algorithm>
#include <set>

#include "canon/text.hpp"
#include "keytool/opendkim/pattern_index.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Domain = AddressPattern::Domain;

// Where every pattern overlaps every other, their common parts are as many as the sets of them.
constexpr std::size_t most_bindings = 200'000;

bool has_same(const std::vector<canon::Selector>& a, const std::vector<canon::Selector>& b) {
  return a.size() == b.size() && std::is_permutation(a.begin(), a.end(), b.begin());
}

// A rule signs as one domain; the first that the table names is it.
PlannedRule rule_of(const Binding& binding, const ActiveKeys& active, Remarks& remarks) {
  PlannedRule rule{binding.pattern, std::nullopt, {}};
  if (binding.keys.empty()) return rule;
  rule.domain = binding.keys.front().domain;
  for (const auto& key : binding.keys) {
    if (key.domain != *rule.domain) {
      remarks.push_back(signed_otherwise(binding.place, binding.pattern.text() + ": the signature of " +
                                                            key.domain.str() + " beside that of " +
                                                            rule.domain->str() +
                                                            "; dkimsignd signs a message as one domain"));
    } else if (std::find(rule.selectors.begin(), rule.selectors.end(), key.selector) ==
               rule.selectors.end()) {
      rule.selectors.push_back(key.selector);
    }
  }
  // A key that could not be had signs nothing: a rule that named it would be wrong from the start.
  const auto all = active.find(*rule.domain);
  std::erase_if(rule.selectors, [&](const canon::Selector& selector) {
    return all == active.end() ||
           std::find(all->second.begin(), all->second.end(), selector) == all->second.end();
  });
  if (rule.selectors.empty()) {
    rule.domain.reset();
  } else if (has_same(all->second, rule.selectors)) {
    rule.selectors.clear();
  }
  return rule;
}

class Arrangement {
 public:
  Arrangement(std::vector<PlannedRule> rules, const ActiveKeys& active) : active_(active) {
    for (auto& rule : rules) {
      // What earlier rules match whole would never be looked at.
      const auto is_hidden = index_.any_near(rule.pattern, [&](std::size_t i) {
        return covers(rules_[i].pattern, rule.pattern) ||
               canon::matches_wildcard(rules_[i].pattern.text(), rule.pattern.text());
      });
      if (is_hidden) continue;
      index_.add(rules_.size(), rule.pattern);
      rules_.push_back(std::move(rule));
    }
    for (const auto& [domain, selectors] : active_) {
      for (auto parent = domain.parent(); parent; parent = parent->parent())
        below_[*parent].push_back(domain);
    }
  }

  RulePlan plan() {
    forbid_what_no_rule_covers();
    RulePlan plan;
    std::vector<std::size_t> kept;
    PatternIndex kept_index;
    for (std::size_t i = rules_.size(); i-- > 0;) {
      const auto is_followed = [&] {
        return kept_index.any_near(rules_[i].pattern, [&](std::size_t other) {
          return overlap_of(rules_[i].pattern, rules_[other].pattern).kind != Overlap::Kind::none;
        });
      };
      if (goes_without_saying(i) && !is_followed()) {
        if (rules_[i].pattern.kind == Domain::below) plan.with_subdomains.push_back(*rules_[i].domain);
        continue;
      }
      kept.push_back(i);
      kept_index.add(i, rules_[i].pattern);
    }
    for (auto i = kept.rbegin(); i != kept.rend(); ++i)
      plan.rules.push_back(rules_[*i]);
    return plan;
  }

 private:
  // A domain with an active key signs its own mail; where the table does not say so, a rule must forbid it.
  void forbid_what_no_rule_covers() {
    for (const auto& [domain, selectors] : active_) {
      if (is_covered(domain, rules_.size())) continue;
      index_.add(rules_.size(), anyone_at(domain));
      rules_.push_back({anyone_at(domain), std::nullopt, {}});
    }
  }

  bool is_covered(const canon::DomainName& domain, std::size_t before) const {
    const auto own = anyone_at(domain);
    return index_.any_near(own, [&](std::size_t i) { return i < before && covers(rules_[i].pattern, own); });
  }

  // Is it what the daemon does without a rule?
  bool goes_without_saying(std::size_t i) const {
    const auto& rule = rules_[i];
    if (!rule.pattern.user.empty()) return false;
    if (!rule.domain) {
      // Unsigned, unless the author's domain or one above it has keys.
      return rule.pattern.kind == Domain::host && !has_keys_at_or_above(rule.pattern.domain);
    }
    if (!rule.selectors.empty() || rule.pattern.domain != rule.domain->str()) return false;
    if (rule.pattern.kind == Domain::host) return true;
    if (rule.pattern.kind != Domain::below) return false;
    // A subdomain with keys of its own would sign with them.
    const auto below = below_.find(*rule.domain);
    return below == below_.end() ||
           std::all_of(below->second.begin(), below->second.end(),
                       [&](const canon::DomainName& domain) { return is_covered(domain, i); });
  }

  bool has_keys_at_or_above(const std::string& name) const {
    const auto parsed = canon::DomainName::parse(name);
    for (auto domain = parsed ? std::optional(*parsed) : std::nullopt; domain; domain = domain->parent()) {
      if (active_.find(*domain) != active_.end()) return true;
    }
    return false;
  }

  std::vector<PlannedRule> rules_;
  const ActiveKeys& active_;
  PatternIndex index_;
  std::map<canon::DomainName, std::vector<canon::DomainName>> below_;
};

}  // namespace

RulePlan plan_rules(const std::vector<Binding>& bindings, const ActiveKeys& active) {
  Remarks remarks;
  std::vector<PlannedRule> rules;
  rules.reserve(bindings.size());
  for (const auto& binding : bindings)
    rules.push_back(rule_of(binding, active, remarks));
  auto plan = Arrangement(std::move(rules), active).plan();
  plan.remarks = std::move(remarks);
  return plan;
}

std::vector<Binding> separate(const std::vector<Binding>& bindings, Remarks& remarks) {
  // All patterns and their common parts; of those that match an address, the smallest is then among them.
  std::vector<AddressPattern> patterns;
  std::set<AddressPattern> known;
  PatternIndex index;
  const auto add = [&](const AddressPattern& pattern) {
    if (!known.insert(pattern).second) return;
    index.add(patterns.size(), pattern);
    patterns.push_back(pattern);
  };
  for (const auto& binding : bindings)
    add(binding.pattern);
  bool unknown = false;
  for (std::size_t i = 0; i < patterns.size() && patterns.size() < most_bindings; ++i) {
    std::vector<AddressPattern> common;
    index.any_near(patterns[i], [&](std::size_t other) {
      const auto overlap = overlap_of(patterns[i], patterns[other]);
      if (overlap.kind == Overlap::Kind::known) common.push_back(overlap.pattern);
      unknown = unknown || overlap.kind == Overlap::Kind::unknown;
      return false;
    });
    for (const auto& pattern : common)
      add(pattern);
  }
  if (unknown || patterns.size() >= most_bindings) {
    remarks.push_back(signed_otherwise("",
                                       "MultipleSignatures: mail that two patterns match in part gets the "
                                       "signatures of the first only"));
  }

  PatternIndex of_bindings;
  for (std::size_t i = 0; i < bindings.size(); ++i)
    of_bindings.add(i, bindings[i].pattern);
  std::vector<Binding> out;
  std::vector<std::size_t> depth;
  for (const auto& pattern : patterns) {
    std::vector<std::size_t> matching;
    of_bindings.any_near(pattern, [&](std::size_t i) {
      if (covers(bindings[i].pattern, pattern)) matching.push_back(i);
      return false;
    });
    std::sort(matching.begin(), matching.end());
    Binding binding{pattern, {}, matching.empty() ? std::string() : bindings[matching.front()].place};
    for (const auto i : matching)
      binding.keys.insert(binding.keys.end(), bindings[i].keys.begin(), bindings[i].keys.end());
    // The part of another has all that the other has, and itself.
    std::size_t covering = 0;
    index.any_near(pattern, [&](std::size_t other) {
      covering += covers(patterns[other], pattern) ? 1 : 0;
      return false;
    });
    depth.push_back(covering);
    out.push_back(std::move(binding));
  }
  std::vector<std::size_t> order(out.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return depth[a] > depth[b]; });
  std::vector<Binding> sorted;
  for (const auto i : order)
    sorted.push_back(std::move(out[i]));
  return sorted;
}

}  // namespace dkim::keytool::opendkim
