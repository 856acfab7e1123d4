// Which header fields of a message a signature covers, and the h= tag that names them (RFC 6376 §5.4,
// §5.4.2).
//
// Never fails.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "canon/field_policy.hpp"
#include "canon/header_field.hpp"

namespace dkim::canon {

struct HeaderSelection {
  // Indices into the message's fields, in the order in which they are hashed.
  std::vector<std::size_t> fields;
  // The names for h=: first those of the fields, in message order and as the message spells them; then each
  // oversigned name once more, spelled like its topmost field, or as the policy spells it if the message has
  // none. A verifier takes repeats of a name from the bottom up, so the k-th of n equal names means the k-th
  // field from the bottom.
  std::vector<std::string> names;
};

HeaderSelection select_fields(const std::vector<HeaderField>& message, const FieldPolicy& policy);

}  // namespace dkim::canon
