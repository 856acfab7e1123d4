// Tables of smtp_header_checks: many only take away Received or User-Agent, which nobody signs.
#pragma once

#include <functional>
#include <string_view>

namespace dkim::keytool {

// Do the rules of a regexp: or pcre: table (regexp_table(5), pcre_table(5)) leave all signed fields as they
// are? True only where each rule is plainly of that kind: it changes nothing, or removes fields by names that
// are written out, none of them signed. The names are asked for in lower case. Any text in.
bool leaves_signed_fields(std::string_view table, const std::function<bool(std::string_view)>& is_signed);

}  // namespace dkim::keytool
