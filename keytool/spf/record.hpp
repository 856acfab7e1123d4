// An SPF record as it is written (RFC 7208 §4.6, §5, §6). Pure: text in, a record or what is wrong and where
// out; keytool/spf/evaluator finds out what it means for an address.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "canon/ip_address.hpp"
#include "canon/result.hpp"
#include "keytool/spf/macro.hpp"

namespace dkim::keytool::spf {

enum class Qualifier { pass, fail, softfail, neutral };

enum class MechanismKind { all, include, a, mx, ptr, ip4, ip6, exists };

struct Mechanism {
  Qualifier qualifier = Qualifier::pass;
  MechanismKind kind = MechanismKind::all;
  MacroString domain;  // empty: the record's own
  std::optional<canon::IpAddress> network;
  unsigned prefix4 = 32;
  unsigned prefix6 = 128;
  // Where it stands in the record, its qualifier included.
  std::size_t octet = 0;
  std::string text;
};

struct Redirect {
  MacroString domain;
  std::size_t octet = 0;
  std::string text;
};

struct Record {
  std::vector<Mechanism> mechanisms;
  std::optional<Redirect> redirect;

  const Mechanism* all() const;
};

// Does a TXT record mean to be one: "v=spf1" and then a space or nothing (§4.5)?
bool is_record(std::string_view text);

// Refuses with the octet: whatever makes receivers answer "permerror" by syntax alone. exp= is checked and
// dropped; unknown modifiers are passed over (§6).
canon::Result<Record> parse_record(std::string_view text);

// The text of a record with further terms, separated by spaces, where they have their effect: before "all"
// and "redirect=", or at the very front if a mechanism before those might decide otherwise. record: the text,
// read.
std::string with_terms(const std::string& text, const Record& record, const std::string& terms);

}  // namespace dkim::keytool::spf
