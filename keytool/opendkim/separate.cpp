#include "keytool/opendkim/separate.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "keytool/opendkim/pattern_index.hpp"

namespace dkim::keytool::opendkim {
namespace {

// If every pattern overlaps every other, there are as many common parts as subsets of patterns.
constexpr std::size_t most_patterns = 200'000;

// Patterns, each once, in the order in which they were added.
class PatternSet {
 public:
  void add(const AddressPattern& pattern) {
    if (!known_.insert(pattern).second) return;
    index_.add(patterns_.size(), pattern);
    patterns_.push_back(pattern);
  }

  // Step 1. Patterns that are added on the way have their turn later in the same loop.
  void close_under_overlap() {
    for (std::size_t i = 0; i < patterns_.size() && patterns_.size() < most_patterns; ++i) {
      for (const auto& common : overlaps_of(AddressPattern(patterns_[i])))
        add(common);
    }
    if (patterns_.size() >= most_patterns) complete_ = false;
  }

  // How many patterns cover this one, itself included. A part has more of them than the whole: all that cover
  // the whole, and itself.
  std::size_t depth_of(const AddressPattern& pattern) const {
    std::size_t depth = 0;
    index_.for_each_near(pattern,
                         [&](std::size_t other) { depth += covers(patterns_[other], pattern) ? 1 : 0; });
    return depth;
  }

  const std::vector<AddressPattern>& patterns() const { return patterns_; }
  // Whether every overlap is in the set.
  bool is_complete() const { return complete_; }

 private:
  std::vector<AddressPattern> overlaps_of(const AddressPattern& pattern) {
    std::vector<AddressPattern> found;
    index_.for_each_near(pattern, [&](std::size_t other) {
      const auto overlap = overlap_of(pattern, patterns_[other]);
      if (overlap.kind == Overlap::Kind::known) found.push_back(overlap.pattern);
      if (overlap.kind == Overlap::Kind::unknown) complete_ = false;
    });
    return found;
  }

  std::vector<AddressPattern> patterns_;
  std::set<AddressPattern> known_;
  PatternIndex index_;
  bool complete_ = true;
};

// The table's lines, found by the patterns that they cover.
class Lines {
 public:
  explicit Lines(const std::vector<Binding>& bindings) : bindings_(bindings) {
    for (std::size_t i = 0; i < bindings.size(); ++i)
      index_.add(i, bindings[i].pattern);
  }

  // Step 2. The keys come in the table's order, the place from the first line.
  Binding binding_for(const AddressPattern& pattern) const {
    std::vector<std::size_t> covering;
    index_.for_each_near(pattern, [&](std::size_t i) {
      if (covers(bindings_[i].pattern, pattern)) covering.push_back(i);
    });
    std::sort(covering.begin(), covering.end());
    Binding binding{pattern, {}, covering.empty() ? std::string() : bindings_[covering.front()].place};
    for (const auto i : covering)
      binding.keys.insert(binding.keys.end(), bindings_[i].keys.begin(), bindings_[i].keys.end());
    return binding;
  }

 private:
  const std::vector<Binding>& bindings_;
  PatternIndex index_;
};

// Step 3. Patterns of the same depth keep their order.
std::vector<AddressPattern> smallest_first(const PatternSet& set) {
  std::vector<std::pair<std::size_t, AddressPattern>> by_depth;
  for (const auto& pattern : set.patterns())
    by_depth.emplace_back(set.depth_of(pattern), pattern);
  std::stable_sort(by_depth.begin(), by_depth.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<AddressPattern> sorted;
  for (auto& entry : by_depth)
    sorted.push_back(std::move(entry.second));
  return sorted;
}

}  // namespace

Separated separate(const std::vector<Binding>& bindings) {
  PatternSet set;
  for (const auto& binding : bindings)
    set.add(binding.pattern);
  set.close_under_overlap();

  Separated separated;
  if (!set.is_complete()) {
    separated.remarks.push_back(signed_otherwise(
        "",
        "MultipleSignatures: mail that two patterns match in part gets the signatures of the first only"));
  }
  const Lines lines(bindings);
  for (const auto& pattern : smallest_first(set))
    separated.bindings.push_back(lines.binding_for(pattern));
  return separated;
}

}  // namespace dkim::keytool::opendkim
