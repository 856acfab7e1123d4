// Reads and expands the macro strings of SPF records (RFC 7208 §7). A string that cannot be read is a
// Refusal. Pure, except for what a caller's validated_name does.
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
  std::string literal;  // if letter is 0
  char letter = 0;      // in lower case
  unsigned keep = 0;    // how many parts to keep, from the right; 0: all
  bool reverse = false;
  bool url_escape = false;
  std::string delimiters;  // "": a dot
};

using MacroString = std::vector<MacroPiece>;

// Parses a macro string. Refuses, with the position: a % that begins no macro, an unknown letter, a count of
// 0, a byte that is not visible ASCII. Refuses c, r and t as well, which only explanations may use.
canon::Result<MacroString> parse_macro_string(std::string_view text);

// Parses a macro string that must end as a domain does: in a macro, or in a dot and a top label that is not
// all digits.
canon::Result<MacroString> parse_domain_spec(std::string_view text);

struct MacroValues {
  std::string sender_local;
  std::string sender_domain;
  std::string domain;
  canon::IpAddress address;
  std::string helo;
  // For %{p}. Called only if that is used, since it asks DNS.
  std::function<std::string()> validated_name;
};

// Replaces the macros by their values.
std::string expand(const MacroString& text, const MacroValues& values);

// Expands to a name to ask for: without a final dot, and without as many labels on its left as must go for at
// most 253 bytes (§7.3).
std::string expand_domain(const MacroString& text, const MacroValues& values);

}  // namespace dkim::keytool::spf
