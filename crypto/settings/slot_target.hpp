// The setting "slot_target": to which name the CNAME of a slot leads, such as
// "%selector%.%domain%.dkim.hoster.example".
//
// A text that is not such a pattern is a Refusal; nothing here throws.
#pragma once

#include <string>
#include <string_view>

#include "canon/domain_name.hpp"
#include "canon/result.hpp"
#include "canon/selector.hpp"

namespace dkim::crypto {

class SlotTarget {
 public:
  // Refuses a pattern that makes no names, in which two slots could get the same name, or that ends without a
  // zone for the names of all domains.
  static canon::Result<SlotTarget> parse(std::string_view text);

  // Returns the pattern as it was written.
  const std::string& text() const { return text_; }

  // Refuses if the name would not fit into DNS, if it would be below the domain, or if the selector has a
  // dot, because two slots could then get the same name.
  canon::Result<std::string> name(const canon::Selector& selector, const canon::DomainName& domain) const;

 private:
  std::string text_;
};

}  // namespace dkim::crypto
