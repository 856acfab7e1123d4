// An IPv4 or IPv6 address as a value: read from text, compared, printed. Pure.
//
// Text that is not an address yields nothing; nothing here throws.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dkim::canon {

class IpAddress {
 public:
  using Bytes = std::array<std::uint8_t, 16>;
  static constexpr unsigned bits = 128;
  // The number of bits before the IPv4 address in an IPv4-mapped one.
  static constexpr unsigned mapped_bits = 96;

  // 0.0.0.0
  IpAddress();
  // Reads four decimal numbers without leading zeros, or IPv6 text (RFC 4291 §2.2). A zone index, a prefix
  // length, brackets, white space and a NUL are not part of an address.
  static std::optional<IpAddress> parse(std::string_view text);
  // In network byte order, as in in_addr and in6_addr.
  static IpAddress from_v4(std::span<const std::uint8_t, 4> bytes);
  static IpAddress from_v6(std::span<const std::uint8_t, 16> bytes);

  bool is_v4() const { return is_v4_; }
  // Returns true for 127.0.0.0/8 and ::1, and for IPv4-mapped addresses of that network.
  bool is_loopback() const;
  // Returns ::ffff:192.0.2.1 as 192.0.2.1, and every other address unchanged.
  IpAddress unmapped() const;
  // Returns the address in IPv6; an IPv4 address as its IPv4-mapped one (RFC 4291 §2.5.5.2).
  const Bytes& bytes() const { return bytes_; }

  // Returns the canonical form: "192.0.2.1", "2001:db8::1".
  std::string text() const;
  // Returns "192.0.2.1"; for IPv6, the 32 hexadecimal digits divided by dots (RFC 7208 §7.3).
  std::string dotted() const;
  // Returns the name in the reverse tree, "1.2.0.192.in-addr.arpa", without a final dot.
  std::string reverse_name() const;

  // ::ffff:192.0.2.1 and 192.0.2.1 differ.
  auto operator<=>(const IpAddress&) const = default;

 private:
  Bytes bytes_;
  bool is_v4_ = true;
};

// Returns "2001:db8::1" for "[2001:db8::1]", as mail programs write an address beside a port; returns other
// text unchanged.
std::string_view without_brackets(std::string_view text);

}  // namespace dkim::canon
