// A valid selector: the name of a key within its domain (RFC 6376 §3.1). Becomes a file name, a DNS label
// and the s= tag.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "canon/result.hpp"

namespace dkim::canon {

class Selector {
 public:
  // Labels as in a domain name, joined by dots, in lower case as DNS compares them; at most 240 octets.
  static Result<Selector> parse(std::string_view text);

  const std::string& str() const { return name_; }

  auto operator<=>(const Selector&) const = default;

 private:
  explicit Selector(std::string name) : name_(std::move(name)) {}
  std::string name_;
};

}  // namespace dkim::canon
