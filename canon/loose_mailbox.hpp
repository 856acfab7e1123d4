// The author in a From: field that does not conform to RFC 5322 but has only one reading.
//
// Programs write "Acme, Inc. <a@example.com>" and "a@example.com;", which canon/mailbox.hpp refuses, and
// every reader finds the one address in them. The author for whom we sign must be the one that all receivers
// see, so whatever any of them could read in two ways is refused: a second address, a second angle bracket
// anywhere, and quotes, comments and brackets that do not end or contain the beginning of an address. Never
// throws on input; linear in its length, without recursion.
#pragma once

#include <optional>
#include <string_view>

#include "canon/mailbox.hpp"

namespace dkim::canon {

// Reads two forms: one address in angle brackets, after any words; or one bare address. Either may be
// followed by white space, comments and ";" only. Returns nothing for any other value.
std::optional<Mailbox> only_reading(std::string_view value);

}  // namespace dkim::canon
