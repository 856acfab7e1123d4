// What DNS shows of one key's record: every authoritative server asked directly, CNAMEs followed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/key_record.hpp"
#include "keytool/dns_client.hpp"
#include "keytool/record_check.hpp"
#include "keytool/rotation.hpp"

namespace dkim::keytool {

// Whom to ask.
struct DnsAccess {
  std::optional<ServerAddress> resolver;  // nothing: the system's
  // Without: the resolver's own answer is taken, for places where port 53 is blocked outward.
  bool authoritative = true;

  DnsClient open_resolver() const;
};

// One address of one server.
struct ServerFinding {
  std::string server;   // its name, or "resolver"
  std::string address;  // empty where the name has none
  // What it serves; nothing if it does not answer.
  std::optional<RecordFinding> finding;
  std::string trouble;  // why there is no finding
  std::string alias;    // the CNAME that led there from the record's own name
  unsigned memory =
      0;  // seconds: the record's TTL, that of a CNAME or the zone's negative TTL, whichever is largest
};

struct Observation {
  std::vector<ServerFinding> servers;
  // Why nobody could be asked at all.
  std::string trouble;
  // DNSSEC, as the resolver sees it: information only.
  bool authenticated = false;
};

Observation observe(const DnsAccess& access, DnsClient& resolver, const std::string& record_name,
                    const crypto::KeyRecord& expected);

// All servers together. A server counts with those of its addresses that answer (a host without IPv6 must not
// fail for it); one of which no address answers makes everything else that looks right unknown.
RecordView summarize(const Observation& observation);

}  // namespace dkim::keytool
