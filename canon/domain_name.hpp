// A valid domain name in A-label form, lower case: the only way a string from a message becomes part of a
// path, a record or a d= tag.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "canon/result.hpp"

namespace dkim::canon {

class DomainName {
 public:
  // Reads a domain in ASCII or UTF-8 (U-labels become A-labels by libidn2, UTS #46 non-transitional).
  // One trailing dot is taken off. Refuses what is no host name: empty labels, labels over 63 octets,
  // names over 253, octets other than letters, digits, "-" and "_", "-" at a label's end.
  static Result<DomainName> parse(std::string_view text);

  const std::string& str() const { return name_; }
  // The name without its first label; none if one label or fewer would be all that is left.
  std::optional<DomainName> parent() const;

  auto operator<=>(const DomainName&) const = default;

 private:
  explicit DomainName(std::string name) : name_(std::move(name)) {}
  std::string name_;
};

}  // namespace dkim::canon
