// Interface for the questions that SPF, DMARC and reverse DNS ask. A resolver answers them
// (keytool/dns/resolver_lookup); in unit tests, a table does. A question without an answer is a Refusal.
#pragma once

#include <string>
#include <vector>

#include "canon/result.hpp"
#include "keytool/dns/dns_client.hpp"

namespace dkim::keytool {

class Lookup {
 public:
  // One text per record: a TXT's strings joined; an address; the name that an MX, NS or PTR points to, lower
  // case, without its final dot ("" for the root). Empty if the name does not exist or has no such record. A
  // Refusal says why the answer is unknown.
  using Answer = canon::Result<std::vector<std::string>>;

  Lookup() = default;
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;
  virtual ~Lookup() = default;

  // Looks up the records. The name has no final dot, and no escapes.
  virtual Answer ask(const std::string& name, RecordType type) = 0;

  // Returns whether the name exists, with records of any type or with names below it (RFC 8020).
  virtual canon::Result<bool> exists(const std::string& name) = 0;
};

}  // namespace dkim::keytool
