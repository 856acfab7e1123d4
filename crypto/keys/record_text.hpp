// A record in the forms in which it gets into DNS: pasted into a zone, into a hoster's web form, or fed to
// a program. The value comes from crypto/keys/key_record; nothing in it can break out of a form's quotes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dkim::crypto {

struct NamedRecord {
  std::string name;  // without a final dot
  unsigned ttl = 0;  // seconds
  std::string value;
};

// An hour: short enough to mend a mistake on the same day.
constexpr unsigned default_ttl = 3600;

// The value in pieces of at most 255 octets, as TXT carries it (RFC 1035 §3.3.14).
std::vector<std::string> txt_strings(std::string_view value);

// One TXT string with its quotes, `"`, `\` and what is not printable ASCII escaped (RFC 1035 §5.1).
std::string quoted_string(std::string_view text);

// All strings on one line: "..." "..."
std::string strings_text(const NamedRecord& record);
// For a zone file, folded in parentheses, the name absolute.
std::string zone_text(const NamedRecord& record);
// The same, with a name relative to the domain's zone, as opendkim-genkey writes it.
std::string relative_zone_text(const NamedRecord& record, std::string_view relative_name);
// A line for tinydns-data.
std::string tinydns_text(const NamedRecord& record);
// Commands for nsupdate(1) that put the record in the place of any other TXT there.
std::string nsupdate_text(const NamedRecord& record);

}  // namespace dkim::crypto
