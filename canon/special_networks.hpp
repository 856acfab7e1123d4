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
  // In use on a host or a site, but behind another address as seen from the Internet: loopback, link-local,
  // private networks, a provider's NAT.
  local,
  documentation,
  // Not the address of a host: benchmarks, protocols, multicast, never assigned.
  other
};

struct SpecialNetwork {
  Network network;
  SpecialUse use;
};

// The table. IPv4 and IPv6 are apart: no IPv6 network here is meant to contain IPv4-mapped addresses.
std::span<const SpecialNetwork> special_networks();

// Returns nothing for an ordinary address, which others on the Internet can see mail come from. An
// IPv4-mapped address counts as the IPv4 address.
std::optional<SpecialUse> special_use(const IpAddress& address);

}  // namespace dkim::canon
