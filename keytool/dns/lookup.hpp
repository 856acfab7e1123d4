// The questions that SPF, DMARC and reverse DNS ask, as an interface: answered by a resolver
// (keytool/dns/resolver_lookup), or by a table in unit tests.
#pragma once

#include <string>
#include <vector>

#include "canon/result.hpp"
#include "keytool/dns/dns_client.hpp"

namespace dkim::keytool {

class Lookup {
 public:
  // One text per record: a TXT's strings joined; an address; the name that an MX, NS or PTR points to, lower
  // case, without its final dot ("" for the root). None: the name is not there or has no such record. A
  // Refusal: it could not be found out, with the reason.
  using Answer = canon::Result<std::vector<std::string>>;

  Lookup() = default;
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;
  virtual ~Lookup() = default;

  // The name without a final dot, as plain octets: nothing in it is an escape.
  virtual Answer ask(const std::string& name, RecordType type) = 0;

  // Is the name in DNS, with records of whatever type or with names below it (RFC 8020)?
  virtual canon::Result<bool> exists(const std::string& name) = 0;
};

}  // namespace dkim::keytool
