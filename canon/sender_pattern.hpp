// Patterns of senders' addresses in the configuration's rules: "*@news.example.com", where * matches any
// bytes.
//
// They are compared with an author's address in lower case, its domain in A-labels. A pattern that can match
// no address is a Refusal; nothing here throws.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "canon/result.hpp"

namespace dkim::canon {

// Returns the pattern in the form with which addresses are compared: in lower case, U-labels of the domain as
// A-labels. "@example.com", the form of Postfix's tables, becomes "*@example.com".
Result<std::string> parse_sender_pattern(std::string_view text);

// Finds patterns that are never reached because an earlier one matches the same addresses: the first rule
// that matches decides.
class SeenPatterns {
 public:
  // Returns the number, from 0, of an earlier pattern that matches everything that this one matches. If there
  // is none, adds this one. Takes constant time for the common forms ("a@example.com", "*@example.com") as
  // long as there are few others.
  std::optional<std::size_t> add(const std::string& pattern);

 private:
  std::size_t count_ = 0;
  std::unordered_map<std::string, std::size_t> common_;
  std::vector<std::pair<std::string, std::size_t>> others_;
};

}  // namespace dkim::canon
