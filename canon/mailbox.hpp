// The mailboxes of a From: field, RFC 5322 §3.4 with the obsolete forms and RFC 6532.
//
// Reads comments, groups, quoted strings, routes and folds. A value without a clear reading is a Refusal;
// nothing here throws. Linear in the input's length, without recursion.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "canon/result.hpp"

namespace dkim::canon {

struct Mailbox {
  // Without quotes and comments: `"john doe"` is john doe.
  std::string local_part;
  // As written, without comments and white space; a literal keeps its brackets.
  std::string domain;
};

// Returns all mailboxes in order, including those of groups. Refuses an empty list.
Result<std::vector<Mailbox>> parse_mailboxes(std::string_view value);

}  // namespace dkim::canon
