// Writes a record in the forms in which it gets into DNS: for a zone file, for a hoster's web form, or for a
// program. Nothing in a value can break out of a form's quotes. Never fails.
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

// An hour is short enough to correct a mistake on the same day.
constexpr unsigned default_ttl = 3600;

// Splits a value into the strings of a TXT record, of at most 255 bytes each (RFC 1035 §3.3.14).
std::vector<std::string> txt_strings(std::string_view value);

// Returns one TXT string in quotes, with `"`, `\` and everything but printable ASCII escaped (RFC 1035 §5.1).
std::string quoted_string(std::string_view text);

// Returns all strings on one line: "..." "..."
std::string strings_text(const NamedRecord& record);
// Returns text for a zone file, folded in parentheses, with an absolute name.
std::string zone_text(const NamedRecord& record);
// Returns the same with a name relative to the domain's zone, as opendkim-genkey writes it.
std::string relative_zone_text(const NamedRecord& record, std::string_view relative_name);
// Returns a line for tinydns-data.
std::string tinydns_text(const NamedRecord& record);
// Returns commands for nsupdate(1) that replace all TXT records of that name by this one.
std::string nsupdate_text(const NamedRecord& record);

}  // namespace dkim::crypto
