// Macro strings of SPF records (RFC 7208 §7): read into pieces, and expanded. Pure but for what a caller's
// validated_name does.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "canon/ip_address.hpp"
#include "canon/result.hpp"

namespace dkim::keytool::spf {

struct MacroPiece {
  std::string literal;  // where letter is 0
  char letter = 0;      // in lower case
  unsigned keep = 0;    // so many parts from the right; 0: all
  bool reverse = false;
  bool url_escape = false;
  std::string delimiters;  // "": a dot
};

using MacroString = std::vector<MacroPiece>;

// Refuses with the octet: a % that begins no macro, an unknown letter, a count of 0, an octet that is not
// visible ASCII. c, r and t have a meaning in explanations alone, and are let through in none of the strings
// read here.
canon::Result<MacroString> parse_macro_string(std::string_view text);

// The same, and it ends as a domain does: in a macro, or in a dot and a top label that is not all digits.
canon::Result<MacroString> parse_domain_spec(std::string_view text);

struct MacroValues {
  std::string sender_local;
  std::string sender_domain;
  std::string domain;
  canon::IpAddress address;
  std::string helo;
  // For %{p}: asks DNS, so only when it is used.
  std::function<std::string()> validated_name;
};

std::string expand(const MacroString& text, const MacroValues& values);

// As a name to ask for: without a final dot, and without as many labels at its left as it takes to have at
// most 253 octets (§7.3).
std::string expand_domain(const MacroString& text, const MacroValues& values);

}  // namespace dkim::keytool::spf
