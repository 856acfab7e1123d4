// The way from a domain up to the top of DNS on which receivers look for DMARC records, and what they take
// from it: the record that applies, and the organization that a domain belongs to (RFC 9989 §4.10).
//
// Called by the checks of DMARC. Throws nothing for what DNS does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "keytool/dns/lookup.hpp"
#include "keytool/doctor/domain/dmarc_record.hpp"

namespace dkim::keytool {

struct FoundDmarcRecord {
  std::string owner;  // the domain; the record is at _dmarc below it
  std::string text;
  DmarcRecord record;
};

struct TreeWalk {
  // More names than these are never asked for, however long the domain is (§4.10 step 4).
  static constexpr std::size_t most_questions = 8;

  struct PassedOver {
    std::string owner;
    std::string why;   // in words that follow the name of the record
    std::string text;  // of it; empty where there are several
  };
  struct Trouble {
    std::string owner;
    std::string reason;
  };

  std::string start;
  std::vector<FoundDmarcRecord> found;  // the longest name first
  // What is there for records, and receivers do not take for any.
  std::vector<PassedOver> passed_over;
  // Where the walk ended because DNS gave no answer.
  std::optional<Trouble> trouble;

  // §4.10.2. Nothing: the walk ended in trouble.
  std::optional<std::string> organization() const;
  // The record that applies to mail From the start (§4.10.1): its own, that of its organization, or that of
  // the public suffix above; nullptr if there is none, or trouble hides which it is.
  const FoundDmarcRecord* policy() const;
};

// The domains that a walk asks for, in order.
std::vector<std::string> domains_to_walk(const std::string& domain);

// The domain in A-label form, lower case, without final dot.
TreeWalk walk_up(Lookup& lookup, const std::string& domain);

// The same organization (relaxed alignment)? Nothing if DNS did not say. Asks only where the answer depends
// on it.
std::optional<bool> is_of_organization(Lookup& lookup, const TreeWalk& walk, const std::string& domain);

}  // namespace dkim::keytool
