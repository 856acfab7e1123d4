// Tag=value lists (RFC 6376 §3.2): what signature fields and key records are made of. Reading.
//
// Called by crypto/keys/key_record and by whoever reads a signature. Total and linear; on bad syntax the
// Refusal carries the octet.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "canon/result.hpp"

namespace dkim::canon {

struct Tag {
  std::string_view name;
  // White space at both ends taken off, folds inside kept.
  std::string_view value;
  // Where the name begins.
  std::size_t octet = 0;
};

class TagList {
 public:
  // The views point into text, which must outlive the list. Refuses what §3.2 does: a bad tag name, no
  // "=", a tag twice, an octet that no value may have. Octets from 0x80 are let through (RFC 8616).
  static Result<TagList> parse(std::string_view text);

  // The value of a tag, or nothing if it is absent; names are case-sensitive.
  std::optional<std::string_view> find(std::string_view name) const;
  const std::vector<Tag>& tags() const { return tags_; }

 private:
  explicit TagList(std::vector<Tag> tags) : tags_(std::move(tags)) {}
  std::vector<Tag> tags_;
};

// The parts of a colon-separated value, white space taken off each (h=, c= and t= are written so).
std::vector<std::string_view> split_colons(std::string_view value);

}  // namespace dkim::canon
