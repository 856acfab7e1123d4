// Answers DNS questions from a table, for unit tests.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "keytool/dns/lookup.hpp"

namespace dkim::test {

class TableLookup final : public keytool::Lookup {
 public:
  using Type = keytool::RecordType;

  std::map<std::pair<std::string, Type>, std::vector<std::string>> records;
  std::map<std::string, std::string> troubles;  // by name: the refusal
  unsigned questions = 0;

  Answer ask(const std::string& name, Type type) override {
    ++questions;
    if (const auto trouble = troubles.find(name); trouble != troubles.end()) {
      return canon::Refusal{trouble->second, 0};
    }
    const auto found = records.find({name, type});
    return found == records.end() ? std::vector<std::string>() : found->second;
  }

  canon::Result<bool> exists(const std::string& name) override {
    ++questions;
    if (const auto trouble = troubles.find(name); trouble != troubles.end()) {
      return canon::Refusal{trouble->second, 0};
    }
    return std::any_of(records.begin(), records.end(), [&](const auto& entry) {
      const std::string& there = entry.first.first;
      return there == name || there.ends_with("." + name);
    });
  }
};

}  // namespace dkim::test
