// Guards what stands at the end of a CNAME at a record's name.
//
// The record is published where the CNAME leads. Whoever owns the record's zone makes the CNAME, and may be a
// customer: it must not decide which of our other records are replaced or removed. Called by the methods of
// publishing that follow CNAMEs, before each change. Errors are crypto::Error.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dkim::keytool {

// Throws if one of the TXT values at the target is no key's, as far as one can tell: a record that a form has
// mangled counts as a key's. Names are for the error.
void require_only_keys(const std::vector<std::string>& values, std::string_view name,
                       std::string_view target);

}  // namespace dkim::keytool
