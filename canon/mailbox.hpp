// The mailboxes of a From: field, RFC 5322 §3.4 with the obsolete forms and RFC 6532.
//
// Called by crypto/author to find out as whom to sign. Reads comments, groups, quoted strings, routes and
// folds. Total: linear in the input's length, no recursion; a Refusal for what has no clear reading.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "canon/result.hpp"

namespace dkim::canon {

struct Mailbox {
  // Quotes and comments taken away: `"john doe"` is john doe.
  std::string local_part;
  // As written, comments and white space taken away; a literal keeps its brackets.
  std::string domain;
};

// All mailboxes in order, those of groups included. Refuses an empty list.
Result<std::vector<Mailbox>> parse_mailboxes(std::string_view value);

}  // namespace dkim::canon
