// Checks whether bulk mail is signed as large receivers ask: with the fields of one-click unsubscribing in h=
// (RFC 8058 §4). Pure.
#pragma once

#include "canon/field_policy.hpp"
#include "keytool/doctor/findings/finding.hpp"

namespace dkim::keytool {

// Returns one finding of topic "one_click_unsubscribe": good, or a note that names what signed_headers leaves
// out.
Findings check_unsubscribe_fields(const canon::FieldPolicy& fields);

}  // namespace dkim::keytool
