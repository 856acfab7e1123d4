// A valid domain name in A-label form and lower case (RFC 6376 §3.5, d=; RFC 8616). A text from a message
// becomes part of a path, a record or a d= tag only through this type.
//
// A text that is not a host name is a Refusal; nothing here throws.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "canon/result.hpp"

namespace dkim::canon {

class DomainName {
 public:
  // Reads a domain in ASCII or UTF-8; libidn2 converts U-labels to A-labels (UTS #46, non-transitional).
  // Removes one trailing dot. Refuses an empty label, a label of more than 63 bytes, a name of more than 253,
  // bytes other than letters, digits, "-" and "_", and a "-" at either end of a label.
  static Result<DomainName> parse(std::string_view text);

  const std::string& str() const { return name_; }
  // Returns the name without its first label, or nothing if fewer than two labels would remain.
  std::optional<DomainName> parent() const;

  auto operator<=>(const DomainName&) const = default;

 private:
  explicit DomainName(std::string name) : name_(std::move(name)) {}
  std::string name_;
};

}  // namespace dkim::canon
