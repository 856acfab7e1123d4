// Which fields of a message a signature covers, and what h= says of it (RFC 6376 §5.4, §5.4.2).
//
// Called by crypto/signatures/signer once a message. Total.
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
  // The names for h=: those of the fields in message order, as they stand there, then once more each
  // oversigned name, spelled as its topmost field is, or as the policy spells it where there is none. A
  // verifier takes repeats of a name from the bottom up, so the k-th of n names stands for the k-th field
  // from the bottom.
  std::vector<std::string> names;
};

HeaderSelection select_fields(const std::vector<HeaderField>& message, const FieldPolicy& policy);

}  // namespace dkim::canon
