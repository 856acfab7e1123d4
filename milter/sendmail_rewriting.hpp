// Foresees which address fields sendmail writes differently from how the milter saw them.
//
// For each message that it sends, sendmail takes the address fields apart and writes them again, after the
// milter has signed: one ", " between addresses, quotes around names that need them, a domain behind each
// address, host names in small letters (sendmail/headers.c: commaize, crackaddr; cf: canonification). Folds
// and repeated white space count for nothing here: relaxed canonicalization ignores them. A sender whose
// fields are in this form already gets a signature that lasts.
//
// What depends on sendmail's configuration and on DNS cannot be foreseen: masquerading, and aliases of hosts
// (CNAME). tests/package/sendmail_test.py compares the rest with a real sendmail.
#pragma once

#include <optional>
#include <string_view>

namespace dkim::milter {

// name: in lower case.
bool sendmail_rewrites_addresses_in(std::string_view name);

// Returns what sendmail will change in the value of such a field, as words that follow "has"; nothing if it
// keeps the value. Total: any bytes may come.
std::optional<std::string_view> rewritten_because(std::string_view value);

}  // namespace dkim::milter
