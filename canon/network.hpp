// A range of addresses in CIDR form (RFC 4632 §3.1, RFC 4291 §2.3). Pure.
//
// IPv4 networks are networks of IPv4-mapped addresses: ::ffff:10.0.0.0/104 is 10.0.0.0/8, and ::/0 contains
// every IPv4 address. Text that is not a network yields nothing; nothing here throws.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "canon/ip_address.hpp"

namespace dkim::canon {

class Network {
 public:
  // Reads "127.0.0.0/8", "::1", "2001:db8::/32". Refuses a network whose host bits are set: 10.0.0.1/8 is
  // more often a typing error than not.
  static std::optional<Network> parse(std::string_view text);
  // Like parse(), but clears the host bits.
  static std::optional<Network> parse_masked(std::string_view text);
  // Returns the network that contains the address and has this prefix length: at most 32 for IPv4 and 128 for
  // IPv6; a larger one counts as these.
  static Network around(const IpAddress& address, unsigned prefix);
  // Returns the network with this prefix length, in bits of an IPv6 address, that contains this one.
  Network widened(unsigned prefix) const;
  // Return the lower and the upper half of the network, or the network itself if it is a single address.
  Network lower_half() const;
  Network upper_half() const;

  // An IPv4 address and its IPv4-mapped form are the same here.
  bool contains(const IpAddress& address) const;
  bool contains(const Network& other) const;
  // Returns true for the network of all IPv4 addresses, and for one of all IPv6 addresses.
  bool is_everything() const;
  bool is_v4() const;
  // Returns the prefix length in bits of an IPv6 address: 104 for 10.0.0.0/8.
  unsigned mapped_prefix() const { return prefix_; }
  // Returns true if this bit of the first address is set. Bit 0 is the highest of the IPv6 address; there is
  // none beyond bit 127.
  bool has_bit(unsigned bit) const;

  // Returns the canonical form: "10.0.0.0/8", "2001:db8::/32"; without a prefix length for a single address.
  std::string text() const;

  // Sorts by first address, and a network before those within it.
  auto operator<=>(const Network&) const = default;

 private:
  Network(const IpAddress::Bytes& first, unsigned prefix) : first_(first), prefix_(prefix) {}

  IpAddress::Bytes first_;
  unsigned prefix_;
};

}  // namespace dkim::canon
