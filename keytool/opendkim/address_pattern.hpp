// A set of author addresses, as OpenDKIM's SigningTable names them and as our rules can: a user part and a
// domain part, each of which may be open. Sets are compared, so that what a table's order of look-ups decides
// can be said by rules of which the first that matches decides.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "canon/domain_name.hpp"

namespace dkim::keytool::opendkim {

struct AddressPattern {
  enum class Domain { any, host, below, glob };

  std::string user;  // lower case, * for any octets; "" is any user
  Domain kind = Domain::any;
  std::string domain;  // A-labels; of below: its subdomains at any depth, not itself

  bool operator==(const AddressPattern&) const = default;
  auto operator<=>(const AddressPattern&) const = default;

  // As a rule's sender has it.
  std::string text() const;
};

AddressPattern anyone_at(const canon::DomainName& domain);

// A key of a table that is searched by "user@host", "host", "user@.parent", ".parent", "user@*" and "*".
// Nothing for a key that no look-up asks for.
std::optional<AddressPattern> pattern_of_table_key(std::string_view key);

// A key of a table of patterns. Several where * may stand for the @; none for a key that no address matches.
std::vector<AddressPattern> patterns_of_glob(std::string_view glob);

// Is every address of b one of a? Says no where it cannot tell.
bool covers(const AddressPattern& a, const AddressPattern& b);

struct Overlap {
  enum class Kind { none, known, unknown };
  Kind kind = Kind::none;
  AddressPattern pattern;  // where known
};
Overlap overlap_of(const AddressPattern& a, const AddressPattern& b);

// Is the domain below the other, at any depth?
bool is_below(std::string_view domain, std::string_view parent);

}  // namespace dkim::keytool::opendkim
