#include "canon/special_networks.hpp"

#include <algorithm>
#include <array>

namespace dkim::canon {

std::span<const SpecialNetwork> special_networks() {
  const auto at = [](const char* text) { return *Network::parse(text); };
  // The registries' globally reachable exceptions within 192.0.0.0/24 and 2001::/23 are anycast services,
  // from which no host sends mail. The first network that contains an address decides.
  static const std::array table{
      SpecialNetwork{at("0.0.0.0/8"), SpecialUse::local},                // this network, RFC 791
      SpecialNetwork{at("10.0.0.0/8"), SpecialUse::local},               // private, RFC 1918
      SpecialNetwork{at("100.64.0.0/10"), SpecialUse::local},            // shared, RFC 6598
      SpecialNetwork{at("127.0.0.0/8"), SpecialUse::local},              // loopback, RFC 1122
      SpecialNetwork{at("169.254.0.0/16"), SpecialUse::local},           // link-local, RFC 3927
      SpecialNetwork{at("172.16.0.0/12"), SpecialUse::local},            // private, RFC 1918
      SpecialNetwork{at("192.0.0.0/24"), SpecialUse::other},             // protocol assignments, RFC 6890
      SpecialNetwork{at("192.0.2.0/24"), SpecialUse::documentation},     // TEST-NET-1, RFC 5737
      SpecialNetwork{at("192.168.0.0/16"), SpecialUse::local},           // private, RFC 1918
      SpecialNetwork{at("198.18.0.0/15"), SpecialUse::other},            // benchmarks, RFC 2544
      SpecialNetwork{at("198.51.100.0/24"), SpecialUse::documentation},  // TEST-NET-2, RFC 5737
      SpecialNetwork{at("203.0.113.0/24"), SpecialUse::documentation},   // TEST-NET-3, RFC 5737
      SpecialNetwork{at("224.0.0.0/4"), SpecialUse::other},              // multicast, RFC 5771
      SpecialNetwork{at("240.0.0.0/4"), SpecialUse::other},              // reserved, RFC 1112
      SpecialNetwork{at("::/127"), SpecialUse::local},                   // unspecified and loopback, RFC 4291
      SpecialNetwork{at("2001::/23"), SpecialUse::other},                // protocol assignments, RFC 2928
      SpecialNetwork{at("2001:db8::/32"), SpecialUse::documentation},    // RFC 3849
      SpecialNetwork{at("2002::/16"), SpecialUse::other},                // 6to4, RFC 3056
      SpecialNetwork{at("3fff::/20"), SpecialUse::documentation},        // RFC 9637
      SpecialNetwork{at("fc00::/7"), SpecialUse::local},                 // unique local, RFC 4193
      SpecialNetwork{at("fe80::/10"), SpecialUse::local},                // link-local, RFC 4291
      // Global unicast is 2000::/3 (RFC 4291 §2.4); the rest is multicast, NAT64, segment routing or
      // unassigned.
      SpecialNetwork{at("::/3"), SpecialUse::other},
      SpecialNetwork{at("4000::/2"), SpecialUse::other},
      SpecialNetwork{at("8000::/1"), SpecialUse::other},
  };
  return table;
}

std::optional<SpecialUse> special_use(const IpAddress& address) {
  const IpAddress plain = address.unmapped();
  const auto table = special_networks();
  const auto found = std::find_if(table.begin(), table.end(), [&](const SpecialNetwork& special) {
    return special.network.is_v4() == plain.is_v4() && special.network.contains(plain);
  });
  if (found == table.end()) return std::nullopt;
  return found->use;
}

}  // namespace dkim::canon
