// Finds the name servers that are responsible for a name: the zone that holds it, and the addresses of all of
// the zone's servers.
//
// Asks a resolver, which follows delegations and glue. The servers found are then asked directly
// (keytool/dns/server_look). What cannot be found out is a Refusal, or the `trouble` of one server.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "canon/result.hpp"
#include "keytool/dns/deadline.hpp"
#include "keytool/dns/dns_client.hpp"

namespace dkim::keytool {

struct NameServer {
  std::string name;
  std::vector<ServerAddress> addresses;  // IPv4 and IPv6
  // Why there are no addresses, or not all of them; empty if there is nothing to say.
  std::string trouble = {};
  // The DNS error behind the trouble, if it is one.
  std::optional<DnsFault> fault = std::nullopt;
};

struct Zone {
  std::string name;
  std::string primary;  // the SOA's MNAME
  std::vector<NameServer> servers;
  unsigned negative_ttl = 0;  // seconds; the upper limit if it came from a cache
  Dnssec dnssec = Dnssec::insecure;
};

// Finds the zone that holds the name's own records, even if a CNAME there leads out of it. Returns a Refusal
// that says what could not be found out. Asks nothing more after the deadline; servers that were left out
// then have the fault out_of_time.
canon::Result<Zone> find_zone(DnsClient& resolver, const std::string& name, const Deadline& deadline);

}  // namespace dkim::keytool
