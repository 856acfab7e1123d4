// Header fields that a signature should not cover, because hops on the way add, replace or remove them.
//
// This is advice, not a refusal: an administrator who knows which way the mail takes may sign them. Never
// fails.
#pragma once

#include <string>
#include <vector>

#include "canon/field_policy.hpp"

namespace dkim::canon {

struct FragileField {
  std::string name;    // as the list spells it
  FieldList list;      // the list that names it
  std::string reason;  // who changes it, and what to write instead if there is an alternative
};

// Returns the names in a policy's lists for which a hop that behaves correctly breaks the signature: first
// the oversigned ones, then the signed ones, each in the order of its list.
std::vector<FragileField> fragile_fields(const FieldPolicy& policy);

}  // namespace dkim::canon
