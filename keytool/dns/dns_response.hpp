// Holds what a name server answered to one question. Values only; nothing fails.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "canon/ip_address.hpp"

namespace dkim::keytool {

enum class RecordType { txt, soa, ns, a, aaaa, mx, ptr };

struct TxtRecord {
  std::string value;  // the record's strings, joined
  unsigned ttl = 0;   // seconds
};

// The resolver's view of DNSSEC: insecure if the zone is not signed or the resolver does not validate.
enum class Dnssec { insecure, secure, bogus };

struct DnsResponse {
  bool authoritative = false;
  bool exists = false;  // whether the name has records of any type; false after NXDOMAIN
  Dnssec dnssec = Dnssec::insecure;
  std::vector<TxtRecord> texts;
  std::vector<std::string> name_servers;
  std::vector<canon::IpAddress> addresses;
  std::vector<std::string> targets;  // of MX and PTR
  // The target of the name's CNAME, if it has one, and the end of the answer's chain of CNAMEs.
  std::optional<std::string> first_alias;
  std::optional<std::string> alias;
  // The zone of a delegation, given in place of an answer: other servers are responsible.
  std::optional<std::string> delegation;
  // From the SOA in the answer or authority section: the name's zone, and for how many seconds resolvers
  // remember that something does not exist (RFC 2308 §5); an upper limit if a cache answers.
  std::optional<std::string> zone;
  std::string primary;  // MNAME
  unsigned negative_ttl = 0;
  unsigned alias_ttl = 0;
};

}  // namespace dkim::keytool
