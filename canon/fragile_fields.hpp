// Fields that a signature should rather not cover, since hops on the way add, replace or remove them.
//
// Asked by dkimsignd --check once the lists are read. Advice and no refusal: who knows the way of his mail
// may sign what he likes. Total.
#pragma once

#include <string>
#include <vector>

#include "canon/field_policy.hpp"

namespace dkim::canon {

struct FragileField {
  std::string name;    // as the list spells it
  bool is_oversigned;  // and so named by oversigned_headers; otherwise by signed_headers
  std::string reason;  // who changes it, and what to write in its place where there is something
};

// The names in a policy's lists for which a hop that does nothing wrong breaks the signature, in the order of
// the lists, the oversigned ones first.
std::vector<FragileField> fragile_fields(const FieldPolicy& policy);

}  // namespace dkim::canon
