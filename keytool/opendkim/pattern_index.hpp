// Finds the patterns that may have addresses in common with a given one without looking at each: tables have
// a hundred thousand lines, nearly all for one domain or for the domains below one. Never fails.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "keytool/opendkim/address_pattern.hpp"

namespace dkim::keytool::opendkim {

class PatternIndex {
 public:
  void add(std::size_t number, const AddressPattern& pattern) {
    all_.push_back(number);
    if (pattern.kind != Domain::host && pattern.kind != Domain::below) {
      open_.push_back(number);
      return;
    }
    (pattern.kind == Domain::host ? hosts_ : below_)[pattern.domain].push_back(number);
    each_parent(pattern.domain, [&](const std::string& parent) { inside_[parent].push_back(number); });
  }

  // Calls visit(number) for each such pattern until it returns true; returns whether it did.
  template <typename Visit>
  bool any_near(const AddressPattern& pattern, Visit visit) const {
    const auto in = [&](const std::vector<std::size_t>& numbers) {
      for (const auto number : numbers) {
        if (visit(number)) return true;
      }
      return false;
    };
    const auto in_map = [&](const Map& map, const std::string& domain) {
      const auto entry = map.find(domain);
      return entry != map.end() && in(entry->second);
    };
    if (pattern.kind != Domain::host && pattern.kind != Domain::below) return in(all_);
    if (in(open_)) return true;
    bool found = pattern.kind == Domain::host
                     ? in_map(hosts_, pattern.domain)
                     : in_map(below_, pattern.domain) || in_map(inside_, pattern.domain);
    each_parent(pattern.domain, [&](const std::string& parent) { found = found || in_map(below_, parent); });
    return found;
  }

  // Calls visit(number) for each such pattern.
  template <typename Visit>
  void for_each_near(const AddressPattern& pattern, Visit visit) const {
    any_near(pattern, [&](std::size_t number) {
      visit(number);
      return false;
    });
  }

 private:
  using Domain = AddressPattern::Domain;
  using Map = std::unordered_map<std::string, std::vector<std::size_t>>;

  template <typename Visit>
  static void each_parent(const std::string& domain, Visit visit) {
    for (auto dot = domain.find('.'); dot != std::string::npos; dot = domain.find('.', dot + 1))
      visit(domain.substr(dot + 1));
  }

  Map hosts_;
  Map below_;
  Map inside_;  // by domain: the patterns of the domains below it
  std::vector<std::size_t> open_;
  std::vector<std::size_t> all_;
};

}  // namespace dkim::keytool::opendkim
