// Which name servers are responsible for a name: the zone it is in, and the addresses of all of its servers.
//
// Asked through a resolver, so that delegations and glue are its work; the servers found are then asked
// directly (keytool/dns/observation).
#pragma once

#include <string>
#include <vector>

#include "canon/result.hpp"
#include "keytool/dns/deadline.hpp"
#include "keytool/dns/dns_client.hpp"

namespace dkim::keytool {

struct NameServer {
  std::string name;
  std::vector<ServerAddress> addresses;  // IPv4 and IPv6
  // Why there are no addresses, or not all of them; empty where there is nothing to say.
  std::string trouble;
  // Is that because time was up?
  bool out_of_time = false;
};

struct Zone {
  std::string name;
  std::string primary;  // the SOA's MNAME
  std::vector<NameServer> servers;
  unsigned negative_ttl = 0;  // seconds; the most that it may be
  Dnssec dnssec = Dnssec::insecure;
};

// The zone that holds the name's own records, even where a CNAME there leads out of it. A Refusal says what
// could not be found out. What is left to ask after the deadline is not asked; the zone's servers say so.
canon::Result<Zone> find_zone(DnsClient& resolver, const std::string& name, const Deadline& deadline);

}  // namespace dkim::keytool
