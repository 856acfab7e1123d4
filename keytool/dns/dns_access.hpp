// Holds which resolver a command asks, and whether it also asks the zone's own servers: its DNS options.
#pragma once

#include <optional>

#include "keytool/dns/dns_client.hpp"

namespace dkim::keytool {

struct DnsAccess {
  std::optional<ServerAddress> resolver;  // empty: the system's
  // If false, the resolver's own answer counts: for networks that block port 53 outward.
  bool authoritative = true;

  // Throws crypto::Error if the system names no resolver.
  DnsClient open_resolver() const;
};

}  // namespace dkim::keytool
