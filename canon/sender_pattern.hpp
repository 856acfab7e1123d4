// Patterns of senders' addresses, as rules of the configuration have them: "*@news.example.com", where *
// stands for any octets.
//
// Made by crypto/settings/signing_settings; what they are compared with is an author's address in lower case,
// its domain in A-labels. Total.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "canon/result.hpp"

namespace dkim::canon {

// The pattern in the form in which addresses are compared with it: lower case, the domain's U-labels as
// A-labels; "@example.com", as Postfix's tables write it, is "*@example.com". Refuses what can match no
// address.
Result<std::string> parse_sender_pattern(std::string_view text);

// Patterns that were seen, to find those that come too late: of two that match, the first decides.
class SeenPatterns {
 public:
  // The number, from 0, of an earlier pattern that matches whatever this one does; otherwise this one is
  // added. Takes constant time for the common forms ("a@example.com", "*@example.com") if all others are few.
  std::optional<std::size_t> add(const std::string& pattern);

 private:
  std::size_t count_ = 0;
  std::unordered_map<std::string, std::size_t> common_;
  std::vector<std::pair<std::string, std::size_t>> others_;
};

}  // namespace dkim::canon
