// Answers DNS questions from the lines of a fuzz target's input.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "keytool/dns/lookup.hpp"
#include "tests/fuzz/require.hpp"

namespace dkim::test {

// Each name has one of the lines, two, none, or no answer, whatever type is asked for; but an address is
// always the same.
class FuzzedLookup final : public keytool::Lookup {
 public:
  explicit FuzzedLookup(std::string_view text) {
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      lines_.emplace_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  unsigned questions = 0;

  Answer ask(const std::string& name, keytool::RecordType type) override {
    ++questions;
    require(!name.empty() && name.size() <= 253, "a question has a name that fits");
    if (type == keytool::RecordType::a) return std::vector<std::string>{"192.0.2.1"};
    if (lines_.empty()) return std::vector<std::string>();
    const std::string& line = lines_[name.size() % lines_.size()];
    if (line.empty()) return canon::Refusal{"no answer", 0};
    if (line.front() == '-') return std::vector<std::string>();
    if (line.front() == '2') return std::vector<std::string>{line.substr(1), line.substr(1)};
    return std::vector<std::string>{line};
  }

  canon::Result<bool> exists(const std::string& name) override {
    ++questions;
    return (name.size() + lines_.size()) % 2 == 0;
  }

 private:
  std::vector<std::string> lines_;
};

}  // namespace dkim::test
