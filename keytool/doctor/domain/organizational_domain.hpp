// Walks from a domain up to the top of DNS, as receivers do to find DMARC records, and finds the record that
// applies and the organization that a domain belongs to (RFC 9989 §4.10).
//
// Never throws because of DNS: a question without an answer ends the walk with a Trouble.
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
  // The most names that a walk asks for, however long the domain is (§4.10 step 4).
  static constexpr std::size_t most_questions = 8;

  struct Ignored {
    std::string owner;
    std::string why;   // in words that follow the record's name
    std::string text;  // the record's; empty if there are several
  };
  struct Trouble {
    std::string owner;
    std::string reason;
  };

  std::string start;
  std::vector<FoundDmarcRecord> found;  // the longest name first
  // Texts that seem meant as records, but that receivers ignore.
  std::vector<Ignored> ignored;
  // Where the walk ended, if DNS gave no answer.
  std::optional<Trouble> trouble;

  // Returns the organizational domain (§4.10.2); nothing if the walk ended in trouble.
  std::optional<std::string> organization() const;
  // Returns the record that applies to mail from the starting domain (§4.10.1): its own, its organization's,
  // or that of the public suffix above; nullptr if there is none, or trouble hides which it is.
  const FoundDmarcRecord* policy() const;
};

// Returns the domains that a walk asks for, in order.
std::vector<std::string> domains_to_walk(const std::string& domain);

// Walks up. The domain is in A-label form, lower case, without a final dot.
TreeWalk walk_up(Lookup& lookup, const std::string& domain);

// Returns whether the domain belongs to the same organization (relaxed alignment); nothing if DNS did not
// say. Asks only if the answer depends on it.
std::optional<bool> is_of_organization(Lookup& lookup, const TreeWalk& walk, const std::string& domain);

}  // namespace dkim::keytool
