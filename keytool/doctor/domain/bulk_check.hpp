// Is mail to many signed as large receivers ask: with the fields of one-click unsubscribing in h= (RFC 8058
// §4)? Called by the examination; what DNS has to say of bulk mail is in the checks of DMARC, SPF and
// addresses.
#pragma once

#include "canon/field_policy.hpp"
#include "keytool/doctor/findings/finding.hpp"

namespace dkim::keytool {

// One finding, of topic "one_click_unsubscribe": good, or a note that names what signed_headers leaves out.
Findings check_unsubscribe_fields(const canon::FieldPolicy& fields);

}  // namespace dkim::keytool
