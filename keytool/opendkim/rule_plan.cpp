#include "keytool/opendkim/rule_plan.hpp"

#include <algorithm>
#include <utility>

#include "canon/labels.hpp"
#include "keytool/opendkim/pattern_index.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Domain = AddressPattern::Domain;

bool has_same(const std::vector<canon::Selector>& a, const std::vector<canon::Selector>& b) {
  return a.size() == b.size() && std::is_permutation(a.begin(), a.end(), b.begin());
}

// Returns how near a domain is to the authors of a pattern: its length if they are in it or below it, else 0.
std::size_t nearness(const AddressPattern& pattern, const canon::DomainName& domain) {
  const bool named = pattern.kind == Domain::host || pattern.kind == Domain::below;
  const bool own = pattern.domain == domain.str() || canon::is_below(pattern.domain, domain.str());
  return named && own ? domain.str().size() : 0;
}

// Makes the rules for bindings, one at a time.
class RuleMaker {
 public:
  explicit RuleMaker(const ActiveKeys& active) : active_(active) {}

  // The nearest domain with an active key signs for the author, or else the first of the table's; the others
  // sign as well.
  PlannedRule rule_of(const Binding& binding) {
    PlannedRule first{binding.pattern, std::nullopt, {}};
    for (auto& rule : rules_by_domain(binding)) {
      const auto as = first.domain ? As::second : As::author;
      if (as == As::author) first = rule;
      candidates_.push_back({std::move(rule), as});
    }
    return first;
  }

  // Returns the entries of also_sign. Several domains sign only where all lines of the table apply that
  // match: what signs for the authors of a pattern then signs for all of them, whatever other lines say. So
  // an entry can be as wide as any line with the same keys, even if these sign for other authors; a key never
  // signs twice.
  std::vector<PlannedRule> take_second() {
    std::map<std::pair<canon::DomainName, std::vector<canon::Selector>>, PatternIndex> widest;
    std::vector<bool> kept(candidates_.size());
    // Larger patterns come later.
    for (std::size_t i = candidates_.size(); i-- > 0;) {
      const auto& rule = candidates_[i].rule;
      auto& same_keys = widest[{*rule.domain, rule.selectors}];
      auto covering = i;
      const bool is_covered = same_keys.any_near(rule.pattern, [&](std::size_t other) {
        if (!covers(candidates_[other].rule.pattern, rule.pattern)) return false;
        covering = other;
        return true;
      });
      if (!is_covered) same_keys.add(i, rule.pattern);
      if (candidates_[i].as == As::second) kept[covering] = true;
    }
    std::vector<PlannedRule> second;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if (kept[i]) second.push_back(std::move(candidates_[i].rule));
    }
    return second;
  }

 private:
  // A key that could not be loaded signs nothing: a rule that named it would be wrong from the start.
  bool is_active(const KeyName& key) const {
    const auto all = active_.find(key.domain);
    return all != active_.end() &&
           std::find(all->second.begin(), all->second.end(), key.selector) != all->second.end();
  }

  std::vector<PlannedRule> rules_by_domain(const Binding& binding) const {
    std::vector<PlannedRule> rules;
    for (const auto& key : binding.keys) {
      if (!is_active(key)) continue;
      auto rule = std::find_if(rules.begin(), rules.end(),
                               [&](const PlannedRule& other) { return other.domain == key.domain; });
      if (rule == rules.end()) rule = rules.insert(rules.end(), {binding.pattern, key.domain, {}});
      auto& selectors = rule->selectors;
      if (std::find(selectors.begin(), selectors.end(), key.selector) == selectors.end())
        selectors.push_back(key.selector);
    }
    // The author's own domain first: its signature is the one that aligns with From: (RFC 9989), whichever
    // line of the table came first.
    std::stable_sort(rules.begin(), rules.end(), [&](const PlannedRule& a, const PlannedRule& b) {
      return nearness(binding.pattern, *a.domain) > nearness(binding.pattern, *b.domain);
    });
    for (auto& rule : rules) {
      if (has_same(active_.at(*rule.domain), rule.selectors)) rule.selectors.clear();
    }
    return rules;
  }

  enum class As { author, second };
  struct Candidate {
    PlannedRule rule;
    As as;
  };

  const ActiveKeys& active_;
  std::vector<Candidate> candidates_;
};

// Drops the rules that say only what dkimsignd does without them, and those that are never looked at.
class Arrangement {
 public:
  Arrangement(std::vector<PlannedRule> rules, const ActiveKeys& active)
      : rules_(without_hidden(std::move(rules))), active_(active) {
    for (std::size_t i = 0; i < rules_.size(); ++i)
      index_.add(i, rules_[i].pattern);
    for (const auto& [domain, selectors] : active_) {
      for (auto parent = domain.parent(); parent; parent = parent->parent())
        below_[*parent].push_back(domain);
    }
  }

  // Goes through the rules from the last: one can be dropped if no rule that stays behind it overlaps it.
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
  // A domain with an active key signs its own mail; if the table does not say so, a rule must forbid it.
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

  // Returns whether dkimsignd does the same without the rule.
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

std::vector<PlannedRule> without_hidden(std::vector<PlannedRule> rules) {
  std::vector<PlannedRule> kept;
  PatternIndex index;
  for (auto& rule : rules) {
    const auto hides = [&](std::size_t i) { return covers(kept[i].pattern, rule.pattern); };
    if (index.any_near(rule.pattern, hides)) continue;
    index.add(kept.size(), rule.pattern);
    kept.push_back(std::move(rule));
  }
  return kept;
}

RulePlan plan_rules(const std::vector<Binding>& bindings, const ActiveKeys& active) {
  RuleMaker maker(active);
  std::vector<PlannedRule> rules;
  rules.reserve(bindings.size());
  for (const auto& binding : bindings)
    rules.push_back(maker.rule_of(binding));
  auto plan = Arrangement(std::move(rules), active).plan();
  plan.also_sign = maker.take_second();
  return plan;
}

}  // namespace dkim::keytool::opendkim
