// Which addresses are not ordinary ones of the Internet (RFC 6890 and the registries that it established,
// https://www.iana.org/assignments/iana-ipv4-special-registry and .../iana-ipv6-special-registry, as of
// 2025). Pure.
#pragma once

#include <optional>
#include <span>

#include "canon/ip_address.hpp"
#include "canon/network.hpp"

namespace dkim::canon {

enum class SpecialUse {
  // Used inside a host or a site; others on the Internet see another address: loopback, link-local, private
  // networks, a provider's NAT.
  local,
  documentation,
  // Not the address of a host: benchmarks, protocols, multicast, never assigned.
  other
};

struct SpecialNetwork {
  Network network;
  SpecialUse use;
};

// Returns the table. Its IPv6 networks apply to IPv6 addresses only, not to IPv4-mapped ones.
std::span<const SpecialNetwork> special_networks();

// Returns nothing for an ordinary address, from which other hosts can receive mail. An IPv4-mapped address
// counts as the IPv4 address.
std::optional<SpecialUse> special_use(const IpAddress& address);

}  // namespace dkim::canon
