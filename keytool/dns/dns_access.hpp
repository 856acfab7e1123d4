// Whom a command asks about DNS, as its options say.
#pragma once

#include <optional>

#include "keytool/dns/dns_client.hpp"

namespace dkim::keytool {

struct DnsAccess {
  std::optional<ServerAddress> resolver;  // nothing: the system's
  // Without: the resolver's own answer is taken, for places where port 53 is blocked outward.
  bool authoritative = true;

  DnsClient open_resolver() const;
};

}  // namespace dkim::keytool
