// Judges tables of smtp_header_checks: many only remove Received or User-Agent, which nobody signs. Pure.
#pragma once

#include <functional>
#include <string_view>

namespace dkim::keytool {

// Returns whether the rules of a regexp: or pcre: table (regexp_table(5), pcre_table(5)) leave all signed
// fields unchanged. True only if that is plain for each rule: it changes nothing, or removes fields whose
// names are written out and not signed. Calls is_signed with names in lower case. Takes any text.
bool leaves_signed_fields(std::string_view table, const std::function<bool(std::string_view)>& is_signed);

}  // namespace dkim::keytool
