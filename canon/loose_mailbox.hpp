// The author in a From: field that is not RFC 5322 and yet has only one reading.
//
// Called by crypto/signatures/identity for what canon/mailbox refuses. Programs write "Acme, Inc.
// <a@example.com>" and "a@example.com;", and every reader takes the one address that is there. Whom we sign
// as must be whom all receivers take for the author, so what any of them could read in two ways is refused: a
// second address, a second angle bracket anywhere, quotes, comments and brackets that are open or hold what
// begins an address. Total: linear in the input's length, no recursion.
#pragma once

#include <optional>
#include <string_view>

#include "canon/mailbox.hpp"

namespace dkim::canon {

// Two forms: one address in angle brackets, whatever words stand before it; or one bare address. Behind
// either only white space, comments and ";". Nothing for any other value.
std::optional<Mailbox> only_reading(std::string_view value);

}  // namespace dkim::canon
