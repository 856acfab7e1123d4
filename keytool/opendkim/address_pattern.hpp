// A set of author addresses, as OpenDKIM's SigningTable and our rules name them: a user part and a domain
// part, each of which may be open. Patterns can be compared, so that the order of look-ups in a table can be
// translated into rules where the first match decides. Pure; text that is no pattern gives none.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "canon/domain_name.hpp"

namespace dkim::keytool::opendkim {

struct AddressPattern {
  enum class Domain { any, host, below, glob };

  std::string user;  // lower case, * for any bytes; "" is any user
  Domain kind = Domain::any;
  std::string domain;  // A-labels; with `below`: its subdomains at any depth, without itself

  bool operator==(const AddressPattern&) const = default;
  auto operator<=>(const AddressPattern&) const = default;

  // Returns the pattern as a rule's `sender` spells it.
  std::string text() const;
};

AddressPattern anyone_at(const canon::DomainName& domain);

// Parses a key of a table that is searched by "user@host", "host", "user@.parent", ".parent", "user@*" and
// "*". Returns nothing for a key that no look-up asks for.
std::optional<AddressPattern> pattern_of_table_key(std::string_view key);

// Parses a key of a table of patterns. Returns several if * may match the @, none if no address matches the
// key.
std::vector<AddressPattern> patterns_of_glob(std::string_view text);

// Returns whether every address of b belongs to a, as far as a's stars can be laid over b's text. The daemon
// judges in the same way whether a rule hides a later one (canon::SeenPatterns).
bool covers(const AddressPattern& a, const AddressPattern& b);

struct Overlap {
  enum class Kind { none, known, unknown };
  Kind kind = Kind::none;
  AddressPattern pattern;  // if known
};
// Finds the addresses that both patterns match; unknown if no pattern describes them.
Overlap overlap_of(const AddressPattern& a, const AddressPattern& b);

}  // namespace dkim::keytool::opendkim
