// Reads an SPF record (RFC 7208 §4.6, §5, §6). Pure: a record that cannot be read is a Refusal with the
// position. keytool/spf/evaluator finds out what a record means for an address.
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
  // The position and text in the record, with the qualifier.
  std::size_t byte = 0;
  std::string text;
};

struct Redirect {
  MacroString domain;
  std::size_t byte = 0;
  std::string text;
};

struct Record {
  std::vector<Mechanism> mechanisms;
  std::optional<Redirect> redirect;

  // Returns the first "all", or null.
  const Mechanism* all() const;
};

// Returns whether a TXT record is meant as an SPF record: "v=spf1", then a space or nothing (§4.5).
bool is_record(std::string_view text);

// Parses a record. Refuses, with the position, whatever makes receivers answer "permerror" by syntax alone.
// Checks and drops exp=; ignores unknown modifiers (§6).
canon::Result<Record> parse_record(std::string_view text);

// Adds terms, separated by spaces, to the text of a record where they take effect: before "all" and
// "redirect=", or at the very front if an earlier mechanism might decide otherwise. `record` is the parsed
// text.
std::string with_terms(const std::string& text, const Record& record, const std::string& terms);

}  // namespace dkim::keytool::spf
