// A valid selector: the name of a key within its domain (RFC 6376 §3.1). It becomes part of a file name, of a
// DNS name and of the s= tag.
//
// A text that is not a selector is a Refusal; nothing here throws.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "canon/result.hpp"

namespace dkim::canon {

class Selector {
 public:
  // Reads labels as in a domain name, joined by dots, and converts them to lower case, since DNS ignores
  // case. At most 240 bytes.
  static Result<Selector> parse(std::string_view text);

  const std::string& str() const { return name_; }

  auto operator<=>(const Selector&) const = default;

 private:
  explicit Selector(std::string name) : name_(std::move(name)) {}
  std::string name_;
};

}  // namespace dkim::canon
