// Answers with which key amavisd signs an author's mail: looks options up by sender, from the address to ".",
// and then the first key that fits them.
//
// Pure; never fails.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "keytool/opendkim/amavis_conf.hpp"
#include "keytool/opendkim/rule_plan.hpp"

namespace dkim::keytool::opendkim {

// Authors who all get the same answer: those that a key of a table matches, except for those that a narrower
// one matches.
struct AmavisAuthors {
  enum class Scope { address, domain, subdomains, everybody };
  Scope scope = Scope::everybody;
  std::string user;    // of an address, lower case
  std::string domain;  // A-labels; with `subdomains` also the domain itself
  std::string place;

  // Returns what a rule has to match, without what narrower scopes match; two patterns for `subdomains`.
  std::vector<AddressPattern> patterns() const;
};

// Reads a key of a table; nothing if amavisd looks for no such key, or if it is an address with an open
// domain.
std::optional<AmavisAuthors> authors_of_key(const std::string& key);

// The answer: a number of AmavisConf::keys, and the options that decided.
struct AmavisChoice {
  std::optional<std::size_t> key;
  AmavisOptions options;
};

class AmavisLookup {
 public:
  // The configuration must outlive the object.
  explicit AmavisLookup(const AmavisConf& conf);

  AmavisChoice choose(const AmavisAuthors& authors) const;

 private:
  AmavisOptions options_for(const AmavisAuthors& authors) const;

  const AmavisConf& conf_;
  std::map<std::string, std::vector<std::size_t>> keys_by_domain_;
  // The numbers of the tables with an entry of this key: there may be as many tables as senders.
  std::map<std::string, std::vector<std::size_t>> tables_by_key_;
};

// Returns a domain in A-labels and lower case; as it is, in lower case, if it is no domain.
std::string plain_domain(const std::string& text);

}  // namespace dkim::keytool::opendkim
