// Reads tag=value lists (RFC 6376 §3.2), the syntax of signature fields and key records.
//
// Bad syntax is a Refusal with the position; nothing here throws. Linear in the input's length.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "canon/result.hpp"

namespace dkim::canon {

struct Tag {
  std::string_view name;
  // Without white space at both ends; folds inside are kept.
  std::string_view value;
  // The position at which the name begins.
  std::size_t byte = 0;
};

class TagList {
 public:
  // The views point into text, which must outlive the list. Refuses what §3.2 forbids: a bad tag name, a tag
  // without "=", a repeated tag, a byte that no value may have. Accepts bytes from 0x80 on (RFC 8616).
  static Result<TagList> parse(std::string_view text);

  // Returns the value of a tag, or nothing if it is absent. Names are case-sensitive.
  std::optional<std::string_view> find(std::string_view name) const;
  const std::vector<Tag>& tags() const { return tags_; }

 private:
  explicit TagList(std::vector<Tag> tags) : tags_(std::move(tags)) {}
  std::vector<Tag> tags_;
};

// Returns the parts of a colon-separated value such as h= or t=, each without white space around it.
std::vector<std::string_view> split_colons(std::string_view value);

}  // namespace dkim::canon
